import Diagnostics

/// The tokens of a model: ids to bytes and bytes to ids.
///
/// Tokens are compared byte by byte: canonically equivalent spellings are different tokens.
struct Vocabulary: Sendable {
  private var bytes: [UInt8] = []
  private var ranges: [Range<Int>] = []
  private var slots: [Int32] = []
  private var mask = 0
  /// The number of tokens.
  private(set) var count = 0
  /// The bytes of an id that has no token; an empty token has a place.
  private static let absent = -1 ..< -1

  /// Creates an empty vocabulary with room for `capacity` tokens.
  init(capacity: Int = 16) { resize(toHold: capacity) }

  /// The bytes of all tokens together.
  var byteCount: Int { bytes.count }

  /// The highest id + 1.
  var idCount: Int { ranges.count }

  /// Adds a token.
  ///
  /// - Returns: what stood in the way, if the token or the id is there already.
  mutating func add(_ token: Span<UInt8>, id: Int) -> Conflict? {
    if let other = self.id(of: token) { return .token(firstID: other) }
    if id < ranges.count, ranges[id] != Self.absent { return .id(first: text(of: Int32(id)) ?? "") }
    if ranges.count <= id {
      ranges.append(contentsOf: repeatElement(Self.absent, count: id + 1 - ranges.count))
    }
    let start = bytes.count
    for i in token.indices { bytes.append(token[i]) }
    ranges[id] = start..<bytes.count
    count += 1
    if count * 2 > slots.count { resize(toHold: count * 2) } else { insert(Int32(id)) }
    return nil
  }

  /// What can stand in the way of a token.
  enum Conflict {
    /// The token has another id already.
    case token(firstID: Int32)
    /// The id belongs to another token already.
    case id(first: String)
  }

  /// The id of a token given by its UTF-8 bytes.
  func id(of token: Span<UInt8>) -> Int32? {
    var slot = Int(truncatingIfNeeded: hashBytes(token)) & mask
    while slots[slot] >= 0 {
      let range = ranges[Int(slots[slot])]
      if equal(range, token) { return slots[slot] }
      slot = (slot + 1) & mask
    }
    return nil
  }

  /// The id of a token.
  func id(of token: String) -> Int32? { id(of: Array(token.utf8).span) }

  /// The bytes of the token of `id`, or nil if there is none.
  func bytes(of id: Int32) -> ArraySlice<UInt8>? {
    guard id >= 0, Int(id) < ranges.count, ranges[Int(id)] != Self.absent else { return nil }
    return bytes[ranges[Int(id)]]
  }

  /// The token of `id`, or nil if there is none.
  func text(of id: Int32) -> String? { bytes(of: id).map { String(decoding: $0, as: UTF8.self) } }

  /// The lowest id below ``idCount`` without a token, or nil.
  var firstHole: Int? {
    count == ranges.count ? nil : ranges.firstIndex(of: Self.absent)
  }

  private func equal(_ range: Range<Int>, _ token: Span<UInt8>) -> Bool {
    guard range.count == token.count else { return false }
    for i in token.indices where bytes[range.lowerBound + i] != token[i] { return false }
    return true
  }

  private mutating func insert(_ id: Int32) {
    var slot = Int(truncatingIfNeeded: hashBytes(bytes.span.extracting(ranges[Int(id)]))) & mask
    while slots[slot] >= 0 { slot = (slot + 1) & mask }
    slots[slot] = id
  }

  private mutating func resize(toHold capacity: Int) {
    var size = 64
    while size < capacity * 2 { size *= 2 }
    slots = [Int32](repeating: -1, count: size)
    mask = size - 1
    for (id, range) in ranges.enumerated() where range != Self.absent { insert(Int32(id)) }
  }
}

/// A hash of a few bytes, fast rather than strong.
@inline(__always)
func hashBytes(_ bytes: Span<UInt8>) -> UInt64 {
  let multiplier: UInt64 = 0x9E37_79B9_7F4A_7C15
  let raw = bytes.bytes
  var hash = UInt64(truncatingIfNeeded: bytes.count) &* multiplier
  var position = 0
  while position + 8 <= raw.byteCount {
    let word = raw.unsafeLoadUnaligned(fromUncheckedByteOffset: position, as: UInt64.self)
    hash = (hash ^ word) &* multiplier
    hash ^= hash >> 32
    position += 8
  }
  var rest: UInt64 = 0
  while position < raw.byteCount {
    rest = rest << 8 | UInt64(bytes[unchecked: position])
    position += 1
  }
  hash = (hash ^ rest) &* multiplier
  return hash ^ hash >> 29
}
