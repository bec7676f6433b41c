public import Diagnostics

/// Holds the hand-written scanners against Oniguruma on the expressions that they stand for.
@_spi(Proof) public struct ScannerCheck: Sendable {
  private let pairs: [(pattern: String, scanner: WordScanner, expression: RegularExpression)]

  /// Compiles the expressions.
  ///
  /// - Throws: ``GraftError`` if Oniguruma refuses one.
  public init() throws(GraftError) {
    var pairs: [(pattern: String, scanner: WordScanner, expression: RegularExpression)] = []
    for (scanner, pattern) in WordScanner.patterns {
      pairs.append(
        (pattern, scanner, try RegularExpression(pattern, place: "scanner", file: pattern)))
    }
    self.pairs = pairs
  }

  /// The expression whose words the scanner cuts otherwise, and both lists; nil if there is none.
  ///
  /// - Throws: ``GraftError`` if Oniguruma gives a search up.
  public func difference(
    in text: String
  ) throws(GraftError) -> (pattern: String, scanner: [Range<Int>], expression: [Range<Int>])? {
    let bytes = Array(text.utf8)
    for (pattern, scanner, expression) in pairs {
      var (mine, theirs): ([Range<Int>], [Range<Int>]) = ([], [])
      try withCharacters(of: bytes) { (characters) throws(GraftError) in
        scanner.split(characters, 0..<bytes.count, into: &mine)
        try expression.forEachMatch(in: characters, 0..<bytes.count) { theirs.append($0) }
      }
      if mine != theirs { return (pattern, mine, theirs) }
    }
    return nil
  }
}

/// Random texts of the characters that matter to how words are cut.
@_spi(Proof) public struct ScannerTexts {
  private var state: UInt64
  private static let pieces: [[Unicode.Scalar]] = [
    "'s", "'S", "'t", "'re", "'RE", "'vE", "'m", "'ll", "'Ll", "'d", "'\u{17F}", "'\u{212A}", "''",
    " ", "  ", "   ", "\t", "\n", "\r", "\r\n", "\n\n", "\u{B}", "\u{C}", "\u{85}", "\u{A0}",
    "\u{1680}", "\u{2003}", "\u{2028}", "\u{2029}", "\u{202F}", "\u{3000}", "\u{200B}", "\u{200D}",
    "\u{FEFF}", "\u{180E}", "\u{1C}", "\u{1F}", "\u{0}", "a", "Z", "the", "\u{E9}", "e\u{301}",
    "\u{DF}", "\u{130}", "\u{1C5}", "\u{2B0}", "\u{5D0}", "\u{627}\u{64B}", "\u{915}\u{94D}",
    "\u{E01}\u{E31}", "\u{4F60}", "\u{AC00}", "\u{20000}", "1", "23", "4567", "\u{BD}", "\u{2460}",
    "\u{2167}", "\u{664}", "\u{967}", "\u{1D7D8}", "\u{3007}", ".", "...", "!", "_", "-", "/", "<",
    "$", "\u{20AC}", "\u{2014}", "\u{1F600}", "\u{1F468}\u{200D}\u{1F469}", "\u{10FFFF}",
    "\u{E000}",
  ].map { Array($0.unicodeScalars) }

  /// - Parameter seed: texts of the same seed are the same.
  public init(seed: UInt64) { state = seed }

  private mutating func number(below limit: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
    return Int(truncatingIfNeeded: (bits ^ bits >> 31) >> 33) % limit
  }

  /// The next text, of up to sixteen pieces or single characters.
  public mutating func next() -> String {
    var text = String.UnicodeScalarView()
    for _ in 0..<number(below: 17) {
      switch number(below: 16) {
      case 0: append(number(below: 0x110000), to: &text)
      case 1: append(number(below: 0x3100), to: &text)
      case 2: append(number(below: 0x180), to: &text)
      default: text.append(contentsOf: Self.pieces[number(below: Self.pieces.count)])
      }
    }
    return String(text)
  }

  private func append(_ value: Int, to text: inout String.UnicodeScalarView) {
    if let scalar = Unicode.Scalar(UInt32(value)) { text.append(scalar) }
  }
}
