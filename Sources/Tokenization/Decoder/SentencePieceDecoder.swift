import Diagnostics

/// The way back from pieces to text inside a SentencePiece model.
///
/// Source: `sentencepiece_processor.cc` of SentencePiece.
struct SentencePieceDecoder: TokenDecoder {
  private let unknown: [UInt8]
  private let surface: [UInt8]
  private let fallsBack: Bool
  private let addsPrefix: Bool
  private let removesExtraSpaces: Bool
  private static let space: [UInt8] = Array("▁".utf8)
  /// What is unknown may be shown by a longer text.
  var growth: Int { max(3, surface.count) }

  init(_ reader: ComponentReader) throws(GraftError) {
    unknown = Array(try reader.string("unk_piece").utf8)
    surface = Array(try reader.string("unk_surface").utf8)
    fallsBack = try reader.bool("byte_fallback", default: false)
    addsPrefix = try reader.bool("add_dummy_prefix", default: true)
    removesExtraSpaces = try reader.bool("remove_extra_whitespaces", default: true)
  }

  func apply(to tokens: inout [ArraySlice<UInt8>]) {
    var out: [UInt8] = []
    var pending: [UInt8] = []
    var hasSeenSpace = false
    for token in tokens {
      if fallsBack, let byte = ByteFallbackDecoder.byte(of: token) {
        pending.append(byte)
        continue
      }
      // Valid characters stay; U+FFFD stands for each other byte.
      Self.append(pending, to: &out)
      pending = []
      guard !token.elementsEqual(unknown) else {
        out += surface
        continue
      }
      var rest = token
      // The space that was put first.
      if out.isEmpty, !hasSeenSpace, addsPrefix || removesExtraSpaces, rest.starts(with: Self.space)
      {
        rest = rest.dropFirst(Self.space.count)
        hasSeenSpace = !removesExtraSpaces
      }
      while let byte = rest.first {
        if rest.starts(with: Self.space) {
          out.append(0x20)
          rest = rest.dropFirst(Self.space.count)
        } else {
          out.append(byte)
          rest = rest.dropFirst()
        }
      }
    }
    Self.append(pending, to: &out)
    tokens = [out[...]]
  }

  private static func append(_ bytes: [UInt8], to out: inout [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let length = (1...min(4, rest.count)).first {
        String(validating: rest.prefix($0), as: UTF8.self) != nil
      }
      out += length.map { Array(rest.prefix($0)) } ?? [0xEF, 0xBF, 0xBD]
      rest = rest.dropFirst(length ?? 1)
    }
  }
}
