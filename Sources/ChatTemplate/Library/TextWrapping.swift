extension String {
  /// The lines that Python's `textwrap` makes of one, with words as space divides them.
  func wrapped(width: Int, breakingWords: Bool) -> [String] {
    var rest: [[Unicode.Scalar]] = []
    for scalar in unicodeScalars {
      if let last = rest.last?.first, (last == " ") == (scalar == " ") {
        rest[rest.count - 1].append(scalar)
      } else {
        rest.append([scalar])
      }
    }
    rest.reverse()
    var lines: [String] = []
    while let next = rest.last {
      // Space is dropped where a line breaks, not at the start of the text.
      if next.first == " ", !lines.isEmpty { rest.removeLast() }
      var line: [[Unicode.Scalar]] = []
      var count = 0
      while let word = rest.last, count + word.count <= width {
        line.append(rest.removeLast())
        count += word.count
      }
      if let word = rest.last, word.count > width {
        if breakingWords {
          line.append(Array(word.prefix(width - count)))
          rest[rest.count - 1] = Array(word.dropFirst(width - count))
        } else if line.isEmpty {
          line.append(rest.removeLast())
        }
      }
      if line.last?.first == " " { line.removeLast() }
      guard !line.isEmpty else { continue }
      var view = String.UnicodeScalarView()
      view.append(contentsOf: line.joined())
      lines.append(String(view))
    }
    return lines
  }
}
