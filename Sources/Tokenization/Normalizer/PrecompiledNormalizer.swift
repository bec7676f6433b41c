import Diagnostics

/// SentencePiece's rules as its models carry them: a trie of strings and what they become.
struct PrecompiledNormalizer: Normalizer {
  /// The trie as a double array: each unit holds a label, an offset and whether a value follows.
  private let units: [UInt32]
  /// What the strings become, each ended by a NUL.
  private let replacements: [UInt8]
  let growth: Int

  init(_ reader: ComponentReader) throws(GraftError) {
    guard let map = Base64.decode(try reader.string("precompiled_charsmap")) else {
      throw reader.malformed("precompiled_charsmap", "Base64")
    }
    guard let rules = Self(map) else {
      throw reader.malformed("precompiled_charsmap", "a trie and the texts that it points to")
    }
    self = rules
  }

  /// Reads the map of a SentencePiece model.
  ///
  /// - Returns: nil if it is not one.
  init?(_ map: [UInt8]) {
    func word(_ position: Int) -> UInt32 {
      (0..<4).reduce(0) { $0 | UInt32(map[position + $1]) << (8 * UInt32($1)) }
    }
    guard map.count >= 4, word(0) <= map.count - 4, word(0) >= 4 else { return nil }
    let end = 4 + Int(word(0)) / 4 * 4
    units = stride(from: 4, to: end, by: 4).map(word)
    replacements = Array(map[end...])
    growth = max(1, replacements.split(separator: 0).map(\.count).max() ?? 1)
    guard String(validating: replacements, as: UTF8.self) != nil else { return nil }
  }

  func apply(to text: inout AlignedText) {
    guard !units.isEmpty else { return }
    let string = String(decoding: text.bytes, as: UTF8.self)
    text.rewrite { rewriter, characters in
      var changes: [(scalar: UInt32, change: Int)] = []
      changes.reserveCapacity(characters.count)
      var position = 0
      for grapheme in string {
        let end = position + grapheme.utf8.count
        if end - position < 6, let new = replacement(of: characters, position..<end) {
          put(new, for: characters, position..<end, &changes)
          position = end
        }
        while position < end {
          let (scalar, next) = characters.scalar(at: position)
          if let new = replacement(of: characters, position..<next) {
            put(new, for: characters, position..<next, &changes)
          } else {
            changes.append((scalar, 0))
          }
          position = next
        }
      }
      for (scalar, change) in changes { rewriter.put(scalar, change: change) }
    }
  }

  /// What the shortest string of the trie that begins the range becomes.
  private func replacement(of text: UTF8Text, _ range: Range<Int>) -> ArraySlice<UInt8>? {
    match(text, range, longest: false)?.new
  }

  /// What the longest string of the trie that begins at a position becomes, and where it ends.
  func longestReplacement(
    in text: UTF8Text, from start: Int
  ) -> (new: ArraySlice<UInt8>, end: Int)? {
    units.isEmpty ? nil : match(text, start..<text.count, longest: true)
  }

  private func match(
    _ text: UTF8Text, _ range: Range<Int>, longest: Bool
  ) -> (new: ArraySlice<UInt8>, end: Int)? {
    var found: (new: ArraySlice<UInt8>, end: Int)?
    func offset(_ unit: UInt32) -> Int { Int(unit >> 10) << Int((unit & 0x200) >> 6) }
    var node = offset(units[0])
    for i in range {
      let byte = text[i]
      guard byte != 0 else { return found }
      node ^= Int(byte)
      guard node < units.count, units[node] & 0x8000_00FF == UInt32(byte) else { return found }
      let unit = units[node]
      node ^= offset(unit)
      if unit & 0x100 != 0 {
        guard node < units.count else { return found }
        let start = Int(units[node] & 0x7FFF_FFFF)
        guard start <= replacements.count else { return found }
        found = (replacements[start...].prefix { $0 != 0 }, i + 1)
        if !longest { return found }
      }
    }
    return found
  }

  private func put(
    _ new: ArraySlice<UInt8>, for text: UTF8Text, _ range: Range<Int>,
    _ changes: inout [(scalar: UInt32, change: Int)]
  ) {
    let first = changes.count
    for scalar in String(decoding: new, as: UTF8.self).unicodeScalars {
      changes.append((scalar.value, 0))
    }
    var difference = changes.count - first
    for i in range where text[i] & 0xC0 != 0x80 { difference -= 1 }
    if difference > 0 {
      for i in (changes.count - difference)..<changes.count { changes[i].change = 1 }
    } else if let last = changes.indices.last {
      // Of what becomes nothing, the character before takes the place.
      changes[last].change += difference
    }
  }
}

/// Base64 with padding.
enum Base64 {
  /// Bytes as text.
  static func encode(_ bytes: [UInt8]) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var out: [UInt8] = []
    out.reserveCapacity(bytes.count / 3 * 4 + 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      let bits = (0..<3).reduce(0) { bits, i in
        bits << 8 | (start + i < bytes.count ? Int(bytes[start + i]) : 0)
      }
      for i in 0..<4 {
        out.append(i <= group.count ? alphabet[bits >> (18 - 6 * i) & 63] : UInt8(ascii: "="))
      }
    }
    return String(decoding: out, as: UTF8.self)
  }

  /// The bytes of a text, or nil if it is not Base64.
  static func decode(_ text: some StringProtocol) -> [UInt8]? {
    var out: [UInt8] = []
    out.reserveCapacity(text.utf8.count / 4 * 3)
    var bits: UInt32 = 0
    var count = 0
    var padding = 0
    for byte in text.utf8 {
      let value: UInt32
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = UInt32(byte - 65)
      case UInt8(ascii: "a")...UInt8(ascii: "z"): value = UInt32(byte - 71)
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = UInt32(byte + 4)
      case UInt8(ascii: "+"): value = 62
      case UInt8(ascii: "/"): value = 63
      case UInt8(ascii: "="):
        padding += 1
        continue
      default: return nil
      }
      guard padding == 0 else { return nil }
      bits = bits << 6 | value
      count += 1
      if count % 4 != 1 { out.append(UInt8(truncatingIfNeeded: bits >> [0, 0, 4, 2][count % 4])) }
    }
    guard (count + padding) % 4 == 0, padding <= 2, count % 4 != 1 else { return nil }
    return out
  }
}
