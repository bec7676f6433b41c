/// Byte offsets in a text as numbers of characters.
enum CharacterOffsets {
  /// Converts offsets; one within a character counts as the character's beginning.
  static func convert(_ ranges: inout [Range<Int>], in text: [UInt8]) {
    // Without other characters than ASCII both are the same.
    guard text.contains(where: { $0 >= 0x80 }) else { return }
    // The number of characters before every 64th byte.
    var counts: [Int] = []
    var count = 0
    for (i, byte) in text.enumerated() {
      if i % 64 == 0 { counts.append(count) }
      if byte & 0xC0 != 0x80 { count += 1 }
    }
    /// The number of the character that holds a byte.
    func character(_ offset: Int) -> Int {
      var number = counts[offset / 64] - 1
      for i in (offset / 64 * 64)...offset where text[i] & 0xC0 != 0x80 { number += 1 }
      return number
    }
    for i in ranges.indices {
      let range = ranges[i]
      guard range.lowerBound < text.count else { continue }
      let start = character(range.lowerBound)
      let end =
        range.upperBound < text.count
        ? character(range.upperBound)
        : character(min(max(range.upperBound, 1), text.count) - 1) + 1
      ranges[i] = start..<max(start, end)
    }
  }
}
