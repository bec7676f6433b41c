/// The merges of a byte-pair encoding: a pair of ids to its rank and the merged id.
struct MergeTable: Sendable {
  /// What merging a pair gives: the rank in the upper half, the new id in the lower.
  ///
  /// Lower is merged earlier.
  struct Merge: Sendable, Comparable {
    let packed: UInt64

    init(rank: Int, id: Int32) {
      packed = UInt64(rank) << 32 | UInt64(UInt32(bitPattern: id))
    }
    private init(packed: UInt64) { self.packed = packed }

    /// No merge; after all others.
    static let none = Merge(packed: .max)

    var id: Int32 { Int32(truncatingIfNeeded: packed) }
    var rank: UInt64 { packed >> 32 }

    @inline(__always)
    static func < (a: Self, b: Self) -> Bool { a.packed < b.packed }
  }

  private struct Slot {
    var pair: UInt64
    var merge: Merge
  }

  private var slots: [Slot]
  private let shift: UInt64

  /// Creates a table with room for `capacity` merges.
  init(capacity: Int) {
    var bits: UInt64 = 6
    while 1 << bits < capacity * 2 { bits += 1 }
    slots = Array(repeating: Slot(pair: .max, merge: .none), count: 1 << bits)
    shift = 64 - bits
  }

  /// Sets the merge of a pair; a later merge of the same pair replaces an earlier one.
  mutating func set(_ left: Int32, _ right: Int32, _ merge: Merge) {
    let pair = Self.key(left, right)
    let slot = position(of: pair)
    slots[slot] = Slot(pair: pair, merge: merge)
  }

  /// The merge of a pair, or ``Merge/none``.
  @inline(__always)
  func merge(_ left: Int32, _ right: Int32) -> Merge {
    slots[position(of: Self.key(left, right))].merge
  }

  @inline(__always)
  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  @inline(__always)
  private func position(of pair: UInt64) -> Int {
    var slot = Int(truncatingIfNeeded: (pair &* 0x9E37_79B9_7F4A_7C15) >> shift)
    while slots[slot].pair != pair, slots[slot].pair != .max {
      slot = (slot + 1) & (slots.count - 1)
    }
    return slot
  }
}
