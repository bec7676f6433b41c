import Diagnostics

/// Changes a text before it is cut into words.
///
/// To add a normalizer: a file of its own in this folder, and a line in ``makeNormalizer(_:)``.
protocol Normalizer: Sendable {
  /// How many bytes it can make of one, at most.
  var growth: Int { get }

  /// Changes `text`, which is valid UTF-8 and stays so.
  ///
  /// - Throws: ``GraftError`` if the search for a regular expression takes too long.
  func apply(to text: inout AlignedText) throws(GraftError)
}

extension Normalizer {
  var growth: Int { 1 }
}

/// Creates the normalizer that a component of the file describes.
func makeNormalizer(_ reader: ComponentReader) throws(GraftError) -> any Normalizer {
  switch try reader.type() {
  case "BertNormalizer": try BertNormalizer(reader)
  case "ByteLevel": ByteLevelNormalizer()
  case "Lowercase": LowercaseNormalizer()
  case "NFC": UnicodeNormalizer(form: .nfc)
  case "NFD": UnicodeNormalizer(form: .nfd)
  case "NFKC": UnicodeNormalizer(form: .nfkc)
  case "NFKD": UnicodeNormalizer(form: .nfkd)
  case "Nmt": NmtNormalizer()
  case "Precompiled": try PrecompiledNormalizer(reader)
  case "Prepend": try PrependNormalizer(reader)
  case "Replace": try ReplaceNormalizer(reader)
  case "SentencePiece": try SentencePieceNormalizer(reader)
  case "Sequence": try SequenceNormalizer(reader)
  case "Strip": try StripNormalizer(reader)
  case "StripAccents": FilterNormalizer { !RareClasses(of: $0).contains(.combiningMark) }
  case let other:
    throw reader.unsupported(
      other,
      supported: [
        "BertNormalizer", "ByteLevel", "Lowercase", "NFC", "NFD", "NFKC", "NFKD", "Nmt",
        "Precompiled", "Prepend", "Replace", "Sequence", "Strip", "StripAccents",
      ])
  }
}

/// The product of two numbers, or a very large one.
func multiplied(_ a: Int, _ b: Int) -> Int {
  let (product, overflows) = a.multipliedReportingOverflow(by: b)
  return overflows ? .max : product
}

/// Several normalizers, one after the other.
struct SequenceNormalizer: Normalizer {
  private let parts: [any Normalizer]
  var growth: Int { parts.reduce(1) { multiplied($0, $1.growth) } }

  init(_ reader: ComponentReader) throws(GraftError) {
    var parts: [any Normalizer] = []
    for component in try reader.components("normalizers") {
      parts.append(try makeNormalizer(component))
    }
    self.parts = parts
  }

  func apply(to text: inout AlignedText) throws(GraftError) {
    for part in parts { try part.apply(to: &text) }
  }
}
