/// Merges the symbols of a short word: always the pair of lowest rank, the leftmost first.
///
/// Looks at all pairs each time, which is faster than a queue for words of this length.
struct ShortMerge {
  /// The most symbols.
  static let limit = 128
  /// The highest rank: it is kept in one number with a position.
  static let rankLimit = 1 << 24 - 1

  private static let none = Int32.max
  /// For each symbol the rank of the pair that it begins and its position, or ``none``.
  private var keys = [Int32](repeating: none, count: limit)
  /// What that pair becomes.
  private var merged = [Int32](repeating: 0, count: limit)
  private var next = [UInt8](repeating: 0, count: limit + 1)
  private var previous = [UInt8](repeating: 0, count: limit + 1)

  /// Sets the merge of the pair that begins at a position.
  @inline(__always)
  mutating func set(_ position: Int, _ merge: MergeTable.Merge) {
    keys[position] = Self.key(merge, position)
    merged[position] = merge.id
  }

  @inline(__always)
  private static func key(_ merge: MergeTable.Merge, _ position: Int) -> Int32 {
    // No merge has all bits set, so that its rank is the highest.
    merge < .none
      ? Int32(truncatingIfNeeded: merge.rank &<< 7) | Int32(truncatingIfNeeded: position) : none
  }

  /// Merges the symbols, of which all pairs are set.
  mutating func merge(_ symbols: inout [Int32], _ table: MergeTable) {
    let count = symbols.count
    keys[count - 1] = Self.none
    for i in 0..<count {
      next[i] = UInt8(truncatingIfNeeded: i + 1)
      previous[i] = UInt8(truncatingIfNeeded: i &- 1)
    }
    symbols.withUnsafeMutableBufferPointer { symbols in
      keys.withUnsafeMutableBufferPointer { keys in
        while true {
          var lowest = Self.none
          for i in 0..<count { lowest = min(lowest, keys[i]) }
          guard lowest != Self.none else { return }
          let position = Int(lowest & 127)
          let absorbed = Int(next[position])
          let after = Int(next[absorbed])
          symbols[position] = merged[position]
          symbols[absorbed] = -1
          keys[absorbed] = Self.none
          keys[position] = Self.none
          next[position] = UInt8(truncatingIfNeeded: after)
          if after < count {
            previous[after] = UInt8(truncatingIfNeeded: position)
            let merge = table.merge(symbols[position], symbols[after])
            keys[position] = Self.key(merge, position)
            merged[position] = merge.id
          }
          if position > 0 {
            let before = Int(previous[position])
            let merge = table.merge(symbols[before], symbols[position])
            keys[before] = Self.key(merge, before)
            merged[before] = merge.id
          }
        }
      }
    }
    symbols.removeAll { $0 < 0 }
  }
}
