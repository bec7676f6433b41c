import Diagnostics

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
    static func < (a: Self, b: Self) -> Bool { a.packed >> 32 < b.packed >> 32 }
  }

  private struct Slot {
    var pair: UInt64
    var merge: Merge
  }

  private var slots: [Slot]
  private var shift: UInt64
  private var count = 0

  /// Creates a table with room for `capacity` merges.
  init(capacity: Int) {
    var bits: UInt64 = 6
    while 1 << bits < capacity * 2 { bits += 1 }
    slots = Array(repeating: Slot(pair: .max, merge: .none), count: 1 << bits)
    shift = 64 - bits
  }

  /// The merges of a vocabulary without a list of them: any two tokens that are one together, the
  /// best token first.
  ///
  /// - Parameters:
  ///   - scores: higher is better, equal ones in the order of the text; nil for the order of ids.
  ///   - mayMerge: which tokens take part.
  init(joining vocabulary: Vocabulary, scores: [Float]?, mayMerge: (Int) -> Bool) {
    self.init(capacity: vocabulary.count * 2)
    let ids = (0..<vocabulary.idCount).filter(mayMerge)
    var ranks = [Int](repeating: 0, count: vocabulary.idCount)
    if let scores, scores.count == vocabulary.idCount {
      let ordered = ids.sorted { scores[$0] > scores[$1] }
      for (i, id) in ordered.enumerated() {
        let isSame = i > 0 && scores[ordered[i - 1]] == scores[id]
        ranks[id] = isSame ? ranks[ordered[i - 1]] : i
      }
    } else {
      for id in ids { ranks[id] = id }
    }
    for id in ids {
      guard let token = vocabulary.bytes(of: Int32(id)) else { continue }
      let bytes = Array(token)
      for cut in bytes.indices.dropFirst() where bytes[cut] & 0xC0 != 0x80 {
        guard let left = vocabulary.id(of: bytes.span.extracting(0..<cut)), mayMerge(Int(left)),
          let right = vocabulary.id(of: bytes.span.extracting(cut..<bytes.count)),
          mayMerge(Int(right))
        else { continue }
        set(left, right, Merge(rank: ranks[id], id: Int32(id)))
      }
    }
  }

  /// Adds a merge given by its tokens.
  ///
  /// - Returns: the failure, if the vocabulary lacks one of them.
  mutating func add(
    _ left: [UInt8], _ right: [UInt8], merged: [UInt8], rank: Int, _ vocabulary: Vocabulary,
    file: String
  ) -> GraftError? {
    func missing(_ token: [UInt8]) -> GraftError {
      .mergeWithoutToken(
        rank, String(decoding: left, as: UTF8.self), String(decoding: right, as: UTF8.self),
        missing: String(decoding: token, as: UTF8.self), file: file)
    }
    guard let leftID = vocabulary.id(of: left.span) else { return missing(left) }
    guard let rightID = vocabulary.id(of: right.span) else { return missing(right) }
    guard let mergedID = vocabulary.id(of: merged.span) else { return missing(merged) }
    set(leftID, rightID, Merge(rank: rank, id: mergedID))
    return nil
  }

  /// Sets the merge of a pair; a later merge of the same pair replaces an earlier one.
  mutating func set(_ left: Int32, _ right: Int32, _ merge: Merge) {
    if count * 2 >= slots.count { grow() }
    let pair = Self.key(left, right)
    let slot = position(of: pair)
    if slots[slot].pair == .max { count += 1 }
    slots[slot] = Slot(pair: pair, merge: merge)
  }

  private mutating func grow() {
    let old = slots
    slots = Array(repeating: Slot(pair: .max, merge: .none), count: old.count * 2)
    shift -= 1
    for entry in old where entry.pair != .max { slots[position(of: entry.pair)] = entry }
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
