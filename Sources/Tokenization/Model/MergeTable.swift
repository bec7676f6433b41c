import Diagnostics

/// The merges of a byte-pair encoding: a pair of ids to its rank and the merged id.
///
/// The merges of each left id lie together: ids that occur often then share few lines of memory,
/// and most of the time goes into waiting for memory here.
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
    static func < (a: Self, b: Self) -> Bool { a.packed >> 32 < b.packed >> 32 }
  }

  /// Where the merges of a left id lie: a hash table of its own with 1 + `mask` slots.
  private struct Part {
    var start: UInt32 = 0
    var mask: UInt32 = 0
  }

  private struct Slot {
    /// The right id, or -1.
    var right: Int32 = -1
    var rank: UInt32 = .max
    var id: Int32 = -1
  }

  private var parts: [Part]
  private var slots: [Slot] = []
  /// The highest rank.
  private(set) var highestRank = 0

  /// Creates a table of merges; of several of one pair the last counts.
  ///
  /// - Parameter idCount: the highest id + 1.
  init(_ list: MergeList, idCount: Int) {
    parts = Array(repeating: Part(), count: idCount)
    for left in list.left { parts[Int(left)].mask += 1 }
    // The first slot is that of all ids that are no left one.
    var start: UInt32 = 1
    for id in parts.indices where parts[id].mask > 0 {
      let count = parts[id].mask
      var size: UInt32 = 2
      while size < count + count / 4 + 1 { size *= 2 }
      parts[id] = Part(start: start, mask: size - 1)
      start += size
    }
    slots = Array(repeating: Slot(), count: Int(start))
    for i in list.left.indices {
      let slot = position(list.left[i], list.right[i])
      slots[slot] = Slot(right: list.right[i], rank: list.rank[i], id: list.merged[i])
      highestRank = max(highestRank, Int(list.rank[i]))
    }
  }

  /// The merge of a pair, or ``Merge/none``.
  @inline(__always)
  func merge(_ left: Int32, _ right: Int32) -> Merge {
    let slot = slots[position(left, right)]
    return slot.right == right ? Merge(rank: Int(slot.rank), id: slot.id) : .none
  }

  @inline(__always)
  private func position(_ left: Int32, _ right: Int32) -> Int {
    let part = parts[Int(left)]
    let hash = UInt64(UInt32(bitPattern: right)) &* 0x9E37_79B9_7F4A_7C15
    var slot = UInt32(truncatingIfNeeded: hash >> 40) & part.mask
    while slots[Int(part.start &+ slot)].right != right,
      slots[Int(part.start &+ slot)].right >= 0
    {
      slot = (slot &+ 1) & part.mask
    }
    return Int(part.start &+ slot)
  }
}
