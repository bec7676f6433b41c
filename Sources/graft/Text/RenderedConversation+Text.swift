import ChatTemplate

extension RenderedConversation {
  /// What the assistant says, in characters (code points), as transformers counts.
  var characterRanges: [Range<Int>] {
    let bytes = Array(text.utf8)
    func position(_ end: Int) -> Int { bytes[..<end].count { $0 & 0xC0 != 0x80 } }
    return assistantRanges.map { range in
      let start = position(range.lowerBound)
      let end = min(range.upperBound, bytes.count)
      return start..<(start + bytes[range.lowerBound..<end].count { $0 & 0xC0 != 0x80 })
    }
  }

  /// The text with what the assistant says in colour; between marks where there is none.
  var highlighted: String {
    let bytes = Array(text.utf8)
    var out = ""
    var position = 0
    for range in assistantRanges where range.lowerBound >= position {
      out += String(decoding: bytes[position..<range.lowerBound], as: UTF8.self)
      let end = min(range.upperBound, bytes.count)
      let part = String(decoding: bytes[range.lowerBound..<end], as: UTF8.self)
      out += Style.good("\u{27E6}" + part + "\u{27E7}")
      position = end
    }
    return out + String(decoding: bytes[position...], as: UTF8.self)
  }
}
