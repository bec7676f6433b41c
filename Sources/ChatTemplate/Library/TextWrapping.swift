/// How Python's `textwrap` breaks one line into several.
struct TextWrapping {
  var width: Int
  var breaksWords = true
  var breaksAtHyphens = true

  /// The lines of a line.
  func lines(of text: String) -> [String] {
    let scalars = Array(text.unicodeScalars)
    var rest = Array(chunks(of: scalars).reversed())
    var lines: [String] = []
    while let next = rest.last {
      // Space is dropped where a line breaks, not at the start of the text.
      if !lines.isEmpty, next.allSatisfy(isSpace) { rest.removeLast() }
      var line: [ArraySlice<Unicode.Scalar>] = []
      var count = 0
      while let word = rest.last, count + word.count <= width {
        line.append(rest.removeLast())
        count += word.count
      }
      if let word = rest.last, word.count > width {
        if breaksWords {
          let end = word.startIndex + place(in: word, before: width - count)
          line.append(word[..<end])
          rest[rest.count - 1] = word[end...]
        } else if line.isEmpty {
          line.append(rest.removeLast())
        }
      }
      if let last = line.last, last.allSatisfy(isSpace) { line.removeLast() }
      guard !line.isEmpty else { continue }
      var view = String.UnicodeScalarView()
      view.append(contentsOf: line.joined())
      lines.append(String(view))
    }
    return lines
  }

  /// Where a word that is longer than a line is broken.
  private func place(in word: ArraySlice<Unicode.Scalar>, before space: Int) -> Int {
    guard breaksAtHyphens, word.count > space else { return space }
    let part = word.prefix(space)
    guard let hyphen = part.lastIndex(of: "-"), part[..<hyphen].contains(where: { $0 != "-" })
    else { return space }
    return hyphen + 1 - word.startIndex
  }

  /// Words, the parts of words that hyphens divide, dashes, and the space between them.
  private func chunks(of text: [Unicode.Scalar]) -> [ArraySlice<Unicode.Scalar>] {
    var chunks: [ArraySlice<Unicode.Scalar>] = []
    var start = 0
    while start < text.count {
      let end = breaksAtHyphens ? end(ofChunkAt: start, in: text) : end(ofRunAt: start, in: text)
      chunks.append(text[start..<end])
      start = end
    }
    return chunks
  }

  private func end(ofRunAt start: Int, in text: [Unicode.Scalar]) -> Int {
    let isBlank = isBlank(text[start])
    return text[start...].firstIndex { self.isBlank($0) != isBlank } ?? text.count
  }

  private func end(ofChunkAt start: Int, in text: [Unicode.Scalar]) -> Int {
    if isBlank(text[start]) { return end(ofRunAt: start, in: text) }
    func isLetter(_ i: Int) -> Bool {
      text.indices.contains(i) && isWordPart(text[i])
        && text[i].properties.numericType != .decimal
    }
    /// The end of dashes between words.
    func dashEnd(_ i: Int) -> Int? {
      guard i > 0, i < text.count, text[i] == "-",
        isWordPart(text[i - 1]) || "!\"'&.,?".unicodeScalars.contains(text[i - 1])
      else { return nil }
      let end = text[i...].firstIndex { $0 != "-" } ?? text.count
      return end - i >= 2 && end < text.count && isWordPart(text[end]) ? end : nil
    }
    if let end = dashEnd(start) { return end }
    var i = start + 1
    while i < text.count, !isBlank(text[i]), dashEnd(i) == nil {
      if text[i] == "-",
        isLetter(i - 1) && (isLetter(i - 2) || (i > 2 && text[i - 2] == "-" && isLetter(i - 3))),
        isLetter(i + 1)
          && (isLetter(i + 2) || (i + 3 < text.count && text[i + 2] == "-" && isLetter(i + 3)))
      {
        return i + 1
      }
      i += 1
    }
    return i
  }

  private func isBlank(_ scalar: Unicode.Scalar) -> Bool {
    "\t\n\u{B}\u{C}\r ".unicodeScalars.contains(scalar)
  }
}
