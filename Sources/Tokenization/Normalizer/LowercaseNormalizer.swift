/// Lower case, character by character.
struct LowercaseNormalizer: Normalizer {
  var growth: Int { 2 }
  private static let mappings = Expansions(UnicodeProperties.lowercase)

  func apply(to text: inout AlignedText) {
    text.rewrite { rewriter, characters in
      var position = 0
      while position < characters.count {
        let (scalar, end) = characters.scalar(at: position)
        position = end
        if scalar < 0x80 {
          rewriter.put(scalar >= 0x41 && scalar <= 0x5A ? scalar | 0x20 : scalar)
        } else if let lower = Self.mappings[scalar] {
          for (i, part) in lower.enumerated() { rewriter.put(part, change: i > 0 ? 1 : 0) }
        } else {
          rewriter.put(scalar)
        }
      }
    }
  }
}
