import Diagnostics

/// BERT's cleaning, spacing of Chinese characters, accents and case.
struct BertNormalizer: Normalizer {
  private let cleansText: Bool
  private let spacesChinese: Bool
  private let stripsAccents: Bool
  private let lowercases: Bool
  /// Spaces around a character of three bytes, decomposition, lower case.
  var growth: Int { 2 * 3 * 2 }

  private static let clean = FilterNormalizer { !RareClasses(of: $0).contains(.control) }
  private static let spaces = MapNormalizer { scalar in
    RareClasses(of: scalar).contains(.whiteSpace) ? 0x20 : scalar
  }
  private static let accents = FilterNormalizer {
    !RareClasses(of: $0).contains(.nonspacingMark)
  }

  init(_ reader: ComponentReader) throws(GraftError) {
    cleansText = try reader.bool("clean_text", default: true)
    spacesChinese = try reader.bool("handle_chinese_chars", default: true)
    lowercases = try reader.bool("lowercase", default: true)
    stripsAccents = try reader.bool("strip_accents", default: lowercases)
  }

  func apply(to text: inout AlignedText) {
    if cleansText {
      Self.clean.apply(to: &text)
      Self.spaces.apply(to: &text)
    }
    if spacesChinese { spaceChinese(&text) }
    if stripsAccents {
      CanonicalForms.normalize(&text, to: .nfd)
      Self.accents.apply(to: &text)
    }
    if lowercases { LowercaseNormalizer().apply(to: &text) }
  }

  private func spaceChinese(_ text: inout AlignedText) {
    text.rewrite { rewriter, characters in
      var position = 0
      while position < characters.count {
        let (scalar, end) = characters.scalar(at: position)
        position = end
        switch scalar {
        case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F,
          0x2B740...0x2B81F, 0x2B920...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
          rewriter.put(0x20)
          rewriter.put(scalar, change: 1)
          rewriter.put(0x20, change: 1)
        default: rewriter.put(scalar)
        }
      }
    }
  }
}
