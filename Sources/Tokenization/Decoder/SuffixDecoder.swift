import Diagnostics

/// Reads the end of a word as a space.
struct SuffixDecoder: TokenDecoder {
  private let suffix: [UInt8]

  init(_ reader: ComponentReader) throws(GraftError) {
    suffix = Array((try reader.optionalString("suffix") ?? "</w>").utf8)
  }

  func apply(to tokens: inout [ArraySlice<UInt8>]) {
    for i in tokens.indices {
      let isLast = i == tokens.index(before: tokens.endIndex)
      tokens[i] = tokens[i].replacing(suffix, with: isLast ? [] : [UInt8(ascii: " ")])
    }
  }
}
