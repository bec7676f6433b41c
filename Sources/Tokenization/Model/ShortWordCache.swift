/// The ids of short words that were encoded before: a look-up reads one line of memory.
///
/// Words have at most 15 bytes and become at most three ids. Each has two places; of two words
/// there, the one that came first makes room for a third.
struct ShortWordCache: ~Copyable {
  /// A word as two numbers: its bytes, the length in the highest byte.
  struct Key: Equatable {
    var low: UInt64
    var high: UInt64

    /// Reads `count` bytes, from 1 to 15; 16 can be read.
    @inline(__always)
    init(_ bytes: UnsafePointer<UInt8>, count: Int) {
      let raw = UnsafeRawPointer(bytes)
      let first = UInt64(littleEndian: raw.loadUnaligned(as: UInt64.self))
      let second = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
      let length = UInt64(truncatingIfNeeded: count) &<< 56
      if count < 8 {
        low = first & (1 &<< UInt64(truncatingIfNeeded: 8 &* count) &- 1)
        high = length
      } else {
        low = first
        high = second & (1 &<< UInt64(truncatingIfNeeded: 8 &* (count &- 8)) &- 1) | length
      }
    }

    @inline(__always)
    var hash: UInt64 {
      let product = (low ^ (high &* 0x9E37_79B9_7F4A_7C15)).multipliedFullWidth(
        by: 0xD6E8_FEB8_6659_FD93)
      return product.high ^ product.low
    }
  }

  private struct Entry {
    var key: Key
    var ids: (Int32, Int32, Int32)
    var count: Int32
  }

  /// The longest word.
  static let lengthLimit = 15
  /// The most ids of a word.
  static let idLimit = 3
  private static let pairCount = 1 << 15
  private let entries: UnsafeMutablePointer<Entry>

  init() {
    entries = .allocate(capacity: 2 * Self.pairCount)
    // A length of zero marks a free place.
    UnsafeMutableRawPointer(entries).initializeMemory(
      as: UInt8.self, repeating: 0, count: 2 * Self.pairCount * MemoryLayout<Entry>.stride)
  }

  deinit { entries.deallocate() }

  /// Appends the ids of a word, if they are kept here.
  @inline(__always)
  func find(_ key: Key, into out: inout IDBuffer) -> Bool {
    let pair = entries + 2 &* Int(truncatingIfNeeded: key.hash & UInt64(Self.pairCount &- 1))
    if pair[0].key == key {
      out.append(pair[0].ids, used: Int(pair[0].count))
      return true
    }
    if pair[1].key == key {
      out.append(pair[1].ids, used: Int(pair[1].count))
      return true
    }
    return false
  }

  /// Keeps the ids, ``idLimit`` at most, of a word that ``find(_:into:)`` did not find.
  mutating func keep(_ key: Key, ids: [Int32]) {
    let pair = entries + 2 &* Int(truncatingIfNeeded: key.hash & UInt64(Self.pairCount &- 1))
    pair[1] = pair[0]
    func id(_ i: Int) -> Int32 { i < ids.count ? ids[i] : 0 }
    pair[0] = Entry(key: key, ids: (id(0), id(1), id(2)), count: Int32(ids.count))
  }
}
