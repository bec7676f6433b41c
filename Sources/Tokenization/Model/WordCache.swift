/// The ids of longer words that were encoded before: bounded, for one thread.
struct WordCache {
  private struct Entry {
    var hash: UInt64 = 0
    var keyStart: UInt32 = 0
    var keyLength: UInt32 = 0
    var idStart: UInt32 = 0
    var idCount: UInt32 = 0
  }

  private static let slotCount = 1 << 16
  private static let entryLimit = slotCount / 4 * 3
  /// Longer words are not kept.
  private static let lengthLimit = 128

  private var slots: [Entry] = []
  private var keys: [UInt8] = []
  private var ids: [Int32] = []
  private var count = 0

  /// Appends the ids of `word` to `out`, if they are kept here.
  func find(_ word: Span<UInt8>, hash: UInt64, into out: inout IDBuffer) -> Bool {
    guard !slots.isEmpty else { return false }
    var slot = Int(truncatingIfNeeded: hash) & (Self.slotCount - 1)
    while slots[slot].keyLength > 0 {
      let entry = slots[slot]
      if entry.hash == hash, Int(entry.keyLength) == word.count, isKey(entry, word) {
        let start = Int(entry.idStart)
        out.append(ids[start..<(start + Int(entry.idCount))])
        return true
      }
      slot = (slot + 1) & (Self.slotCount - 1)
    }
    return false
  }

  @inline(__always)
  private func isKey(_ entry: Entry, _ word: Span<UInt8>) -> Bool {
    let start = Int(entry.keyStart)
    for i in word.indices where keys[start + i] != word[unchecked: i] { return false }
    return true
  }

  /// Keeps the ids of a word that ``find(_:hash:into:)`` did not find.
  mutating func keep(_ word: Span<UInt8>, hash: UInt64, ids new: [Int32]) {
    guard word.count <= Self.lengthLimit else { return }
    if slots.isEmpty || count >= Self.entryLimit {
      slots = Array(repeating: Entry(), count: Self.slotCount)
      keys.removeAll(keepingCapacity: true)
      ids.removeAll(keepingCapacity: true)
      count = 0
    }
    var slot = Int(truncatingIfNeeded: hash) & (Self.slotCount - 1)
    while slots[slot].keyLength > 0 { slot = (slot + 1) & (Self.slotCount - 1) }
    slots[slot] = Entry(
      hash: hash, keyStart: UInt32(keys.count), keyLength: UInt32(word.count),
      idStart: UInt32(ids.count), idCount: UInt32(new.count))
    for i in word.indices { keys.append(word[unchecked: i]) }
    ids.append(contentsOf: new)
    count += 1
  }
}
