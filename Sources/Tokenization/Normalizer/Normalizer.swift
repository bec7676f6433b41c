import Diagnostics

/// Changes a text before it is cut into words.
///
/// To add a normalizer: a file of its own in this folder, and a line in ``makeNormalizer(_:)``.
protocol Normalizer: Sendable {
  /// Changes `text`, which is valid UTF-8 and stays so.
  func apply(to text: inout [UInt8])
}

/// Creates the normalizer that a component of the file describes.
func makeNormalizer(_ reader: ComponentReader) throws(GraftError) -> any Normalizer {
  switch try reader.type() {
  case "NFC": NFCNormalizer()
  case "Sequence": try SequenceNormalizer(reader)
  case let other: throw reader.unsupported(other, supported: ["NFC", "Sequence"])
  }
}

/// Several normalizers, one after the other.
struct SequenceNormalizer: Normalizer {
  private let parts: [any Normalizer]

  init(_ reader: ComponentReader) throws(GraftError) {
    var parts: [any Normalizer] = []
    for component in try reader.components("normalizers") {
      parts.append(try makeNormalizer(component))
    }
    self.parts = parts
  }

  func apply(to text: inout [UInt8]) {
    for part in parts { part.apply(to: &text) }
  }
}
