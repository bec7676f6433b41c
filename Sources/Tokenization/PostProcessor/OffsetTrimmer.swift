import Diagnostics

/// Takes white space at the ends of tokens out of their offsets.
struct OffsetTrimmer: PostProcessor {
  private let trims: Bool
  private let addsPrefixSpace: Bool

  init(_ reader: ComponentReader) throws(GraftError) {
    trims = try reader.bool("trim_offsets", default: true)
    addsPrefixSpace = try reader.bool("add_prefix_space", default: true)
  }

  func addedCount(isPair: Bool) -> Int { 0 }

  func apply(
    to encodings: inout [Encoding], addingSpecialTokens: Bool, tokenText: (Int32) -> String
  ) {
    guard trims else { return }
    encodings.forEachPart { encoding in
      for i in encoding.ids.indices {
        encoding.offsets[i] = trimmed(
          encoding.offsets[i], of: encoding.tokens[i], isFirst: i == 0)
      }
    }
  }

  private func trimmed(_ range: Range<Int>, of token: String, isFirst: Bool) -> Range<Int> {
    func isSpace(_ scalar: Unicode.Scalar) -> Bool {
      // The byte alphabet's space.
      scalar.value == 0x120 || RareClasses(of: scalar.value).contains(.whiteSpace)
    }
    var leading = token.unicodeScalars.prefix(while: isSpace).count
    let trailing = token.unicodeScalars.reversed().prefix(while: isSpace).count
    var start = range.lowerBound
    var end = range.upperBound
    if leading > 0 {
      // A space that was put before the text is no part of it.
      if isFirst || start == 0, addsPrefixSpace, leading == 1 { leading = 0 }
      start = min(start + leading, end)
    }
    if trailing > 0, end >= trailing { end = max(end - trailing, start) }
    return start..<end
  }
}
