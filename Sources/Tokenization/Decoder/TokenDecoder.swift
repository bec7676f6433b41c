import Diagnostics

/// Turns tokens back into text.
///
/// To add a decoder: a file of its own in this folder, and a line in ``makeDecoder(_:)``.
protocol TokenDecoder: Sendable {
  /// How many bytes it can make of one, at most, beside a few for each token.
  var growth: Int { get }

  /// Changes the list of tokens, each given by its bytes; what is left at the end is joined.
  func apply(to tokens: inout [ArraySlice<UInt8>])
}

extension TokenDecoder {
  var growth: Int { 1 }
}

/// Creates the decoder that a component of the file describes.
func makeDecoder(_ reader: ComponentReader) throws(GraftError) -> any TokenDecoder {
  switch try reader.type() {
  case "BPEDecoder": try SuffixDecoder(reader)
  case "ByteFallback": ByteFallbackDecoder()
  case "ByteLevel": ByteLevelDecoder()
  case "CTC": try CTCDecoder(reader)
  case "Fuse": FuseDecoder()
  case "Metaspace": try MetaspaceDecoder(reader)
  case "Replace": try ReplaceDecoder(reader)
  case "SentencePiece": try SentencePieceDecoder(reader)
  case "Sequence": try SequenceDecoder(reader)
  case "Strip": try StripDecoder(reader)
  case "WordPiece": try WordPieceDecoder(reader)
  case let other:
    throw reader.unsupported(
      other,
      supported: [
        "BPEDecoder", "ByteFallback", "ByteLevel", "CTC", "Fuse", "Metaspace", "Replace",
        "Sequence", "Strip", "WordPiece",
      ])
  }
}

/// Several decoders, one after the other.
struct SequenceDecoder: TokenDecoder {
  private let parts: [any TokenDecoder]
  var growth: Int { parts.reduce(1) { multiplied($0, $1.growth) } }

  init(_ reader: ComponentReader) throws(GraftError) {
    var parts: [any TokenDecoder] = []
    for component in try reader.components("decoders") { parts.append(try makeDecoder(component)) }
    self.parts = parts
  }

  func apply(to tokens: inout [ArraySlice<UInt8>]) {
    for part in parts { part.apply(to: &tokens) }
  }
}

/// Joins all tokens to one.
struct FuseDecoder: TokenDecoder {
  func apply(to tokens: inout [ArraySlice<UInt8>]) { tokens = [Array(tokens.joined())[...]] }
}
