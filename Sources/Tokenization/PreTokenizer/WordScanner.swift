/// The regular expressions that most byte-level models cut words with, as hand-written scanners.
enum WordScanner: Sendable, Equatable {
  /// GPT-2's expression.
  case gpt2
  /// The expression of cl100k, Llama 3 and Qwen 2, with numbers in groups of so many digits.
  case cl100k(digits: Int)

  /// The expressions that have a scanner.
  static let patterns: [(scanner: WordScanner, pattern: String)] = {
    let start = #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"#
    let rest = #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    return [
      (.gpt2, #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#),
      (.cl100k(digits: 3), start + #"\p{N}{1,3}"# + rest),
      (.cl100k(digits: 1), start + #"\p{N}"# + rest),
    ]
  }()

  /// Recognises an expression by its text.
  init?(pattern: String) {
    guard let known = Self.patterns.first(where: { $0.pattern == pattern }) else { return nil }
    self = known.scanner
  }

  /// Appends the words of `piece`, which cover it.
  func split(_ text: UTF8Text, _ piece: Range<Int>, into words: inout [Range<Int>]) {
    var start = piece.lowerBound
    let limit = piece.upperBound
    switch self {
    case .gpt2:
      while start < limit {
        let end = Self.endOfGPT2Word(text, from: start, before: limit)
        words.append(start..<end)
        start = end
      }
    case .cl100k(let digits):
      while start < limit {
        let end = Self.endOfCL100KWord(text, from: start, before: limit, digits: digits)
        words.append(start..<end)
        start = end
      }
    }
  }

  /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
  @inline(__always)
  private static func endOfGPT2Word(_ text: UTF8Text, from start: Int, before limit: Int) -> Int {
    if text[start] == UInt8(ascii: "'"),
      let end = endOfContraction(text, from: start, before: limit, foldsCase: false)
    {
      return end
    }
    var (classes, end) = text.character(at: start)
    if text[start] == UInt8(ascii: " "), end < limit {
      let next = text.character(at: end)
      if !next.classes.contains(.space) { (classes, end) = next }
    }
    if classes.contains(.letter) {
      return text.endOfRun(from: end, before: limit) { $0.contains(.letter) }
    }
    if classes.contains(.number) {
      return text.endOfRun(from: end, before: limit) { $0.contains(.number) }
    }
    if classes.contains(.space) {
      let runEnd = text.endOfRun(from: end, before: limit) { $0.contains(.space) }
      return endOfSpaces(text, start: start, firstEnd: end, runEnd: runEnd, limit: limit)
    }
    return text.endOfRun(from: end, before: limit) { $0.isDisjoint(with: .spaceLetterNumber) }
  }

  /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|`
  /// `\s*[\r\n]+|\s+(?!\S)|\s+`
  @inline(__always)
  private static func endOfCL100KWord(
    _ text: UTF8Text, from start: Int, before limit: Int, digits: Int
  ) -> Int {
    if text[start] == UInt8(ascii: "'"),
      let end = endOfContraction(text, from: start, before: limit, foldsCase: true)
    {
      return end
    }
    let (classes, end) = text.character(at: start)
    if classes.contains(.letter) {
      return text.endOfRun(from: end, before: limit) { $0.contains(.letter) }
    }
    if classes.contains(.number) {
      var end = end
      for _ in 1..<digits where end < limit {
        let next = text.character(at: end)
        guard next.classes.contains(.number) else { break }
        end = next.end
      }
      return end
    }
    if end < limit, !isLineBreak(text[start]) {
      let next = text.character(at: end)
      if next.classes.contains(.letter) {
        return text.endOfRun(from: next.end, before: limit) { $0.contains(.letter) }
      }
      if text[start] == UInt8(ascii: " "), next.classes.isDisjoint(with: .spaceLetterNumber) {
        return endOfSymbols(text, from: next.end, before: limit)
      }
    }
    guard classes.contains(.space) else { return endOfSymbols(text, from: end, before: limit) }

    let runEnd = text.endOfRun(from: end, before: limit) { $0.contains(.space) }
    var afterLineBreak = runEnd
    while afterLineBreak > start, !isLineBreak(text[afterLineBreak - 1]) { afterLineBreak -= 1 }
    if afterLineBreak > start { return afterLineBreak }
    return endOfSpaces(text, start: start, firstEnd: end, runEnd: runEnd, limit: limit)
  }

  /// `\s+(?!\S)|\s+` on the run of white space from `start` to `runEnd`: all of it at the end of
  /// the text, else all but its last character, if there is more than one.
  @inline(__always)
  private static func endOfSpaces(
    _ text: UTF8Text, start: Int, firstEnd: Int, runEnd: Int, limit: Int
  ) -> Int {
    if runEnd == limit || runEnd == firstEnd { return runEnd }
    return text.start(ofCharacterBefore: runEnd)
  }

  /// The rest of `[^\s\p{L}\p{N}]+[\r\n]*`.
  @inline(__always)
  private static func endOfSymbols(_ text: UTF8Text, from start: Int, before limit: Int) -> Int {
    var end = text.endOfRun(from: start, before: limit) {
      $0.isDisjoint(with: .spaceLetterNumber)
    }
    while end < limit, isLineBreak(text[end]) { end += 1 }
    return end
  }

  @inline(__always)
  private static func isLineBreak(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

  /// The end of `'s|'t|'re|'ve|'m|'ll|'d` at an apostrophe, or nil if none follows.
  private static func endOfContraction(
    _ text: UTF8Text, from start: Int, before limit: Int, foldsCase: Bool
  ) -> Int? {
    func letter(_ offset: Int) -> UInt8 {
      guard start + offset < limit else { return 0 }
      let byte = text[start + offset]
      return foldsCase && byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
    }
    switch (letter(1), letter(2)) {
    case (UInt8(ascii: "s"), _), (UInt8(ascii: "t"), _), (UInt8(ascii: "m"), _),
      (UInt8(ascii: "d"), _):
      return start + 2
    case (UInt8(ascii: "r"), UInt8(ascii: "e")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
      (UInt8(ascii: "l"), UInt8(ascii: "l")):
      return start + 3
    // The long s folds to s.
    case (0xC5, 0xBF) where foldsCase: return start + 3
    default: return nil
    }
  }
}
