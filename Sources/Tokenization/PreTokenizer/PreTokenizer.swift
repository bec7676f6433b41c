import Diagnostics
import StrictJSON

/// Splits a text into words that the model encodes one by one.
///
/// To add a pre-tokenizer: a file of its own in this folder, and a line in
/// ``makePreTokenizer(_:isLast:)``.
protocol PreTokenizer: Sendable {
  /// Splits each piece of `text` further, or respells it.
  func apply(to text: inout PreTokenizedText)
}

/// A text cut into pieces.
struct PreTokenizedText {
  /// Valid UTF-8.
  private(set) var bytes: [UInt8]
  /// The pieces in order, as byte offsets; a byte in no piece is dropped.
  private(set) var pieces: [Range<Int>]
  /// How the model is to read the bytes.
  var form = WordForm.characters
  private var spare: [Range<Int>] = []

  /// A text of one piece.
  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    pieces = bytes.isEmpty ? [] : [0..<bytes.count]
  }

  /// Replaces each piece by those that `split` appends; empty ones vanish.
  mutating func splitPieces(
    _ split: (UTF8Text, Range<Int>, inout [Range<Int>]) -> Void
  ) {
    swap(&pieces, &spare)
    pieces.removeAll(keepingCapacity: true)
    withCharacters(of: bytes) { text in
      for piece in spare { split(text, piece, &pieces) }
    }
  }

  /// Replaces the text of each piece by what `respell` appends.
  mutating func respellPieces(_ respell: (Span<UInt8>, inout [UInt8]) -> Void) {
    var respelled: [UInt8] = []
    respelled.reserveCapacity(bytes.count + bytes.count / 2)
    for i in pieces.indices {
      let start = respelled.count
      respell(bytes.span.extracting(pieces[i]), &respelled)
      pieces[i] = start..<respelled.count
    }
    bytes = respelled
  }
}

/// Creates the pre-tokenizer that a component of the file describes.
///
/// - Parameter isLast: whether the model reads what this one leaves.
func makePreTokenizer(
  _ reader: ComponentReader, isLast: Bool = true
) throws(GraftError) -> any PreTokenizer {
  switch try reader.type() {
  case "ByteLevel": try ByteLevelPreTokenizer(reader, isLast: isLast)
  case "Digits": try DigitsPreTokenizer(reader)
  case "Sequence": try SequencePreTokenizer(reader, isLast: isLast)
  case "Split": try SplitPreTokenizer(reader)
  case let other:
    throw reader.unsupported(other, supported: ["ByteLevel", "Digits", "Sequence", "Split"])
  }
}
