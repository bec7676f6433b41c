import Diagnostics

/// Drops repeated tokens and padding from what a speech model gives.
struct CTCDecoder: TokenDecoder {
  private let pad: [UInt8]
  private let delimiter: [UInt8]
  private let cleansUp: Bool

  init(_ reader: ComponentReader) throws(GraftError) {
    pad = Array((try reader.optionalString("pad_token") ?? "<pad>").utf8)
    delimiter = Array((try reader.optionalString("word_delimiter_token") ?? "|").utf8)
    cleansUp = try reader.bool("cleanup", default: true)
  }

  func apply(to tokens: inout [ArraySlice<UInt8>]) {
    var out: [ArraySlice<UInt8>] = []
    var previous: ArraySlice<UInt8>?
    for token in tokens where token != previous {
      previous = token
      var token = token.replacing(pad, with: [])
      if cleansUp { token = cleanedUp(token).replacing(delimiter, with: [UInt8(ascii: " ")]) }
      if !token.isEmpty { out.append(token) }
    }
    tokens = out
  }
}
