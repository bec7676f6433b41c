/// Memory that merging works in, kept from word to word.
struct MergeScratch {
  /// The ids of the symbols so far.
  var symbols: [Int32] = []
  /// The bytes that each symbol covers, where they are wanted.
  var lengths: [Int32] = []
  /// Whether ``lengths`` is kept.
  var tracksLengths = false
  /// Ways to cut a word, by where they end.
  var nodes: [Unigram.Node] = []
  /// Merging of short words.
  var short = ShortMerge()
  /// For long words: the merge of each symbol with the next.
  var merges: [MergeTable.Merge] = []
  /// For long words: the symbol before and after each symbol, by position, or -1.
  var previous: [Int32] = []
  var next: [Int32] = []
  /// For long words: candidate merges as a binary heap of rank and position.
  var heap: [UInt64] = []
  /// A word spelled in another alphabet.
  var spelling: [UInt8] = []
}

extension MergeScratch {
  /// Appends a symbol.
  @inline(__always)
  mutating func append(_ id: Int32, _ length: Int) {
    symbols.append(id)
    if tracksLengths { lengths.append(Int32(truncatingIfNeeded: length)) }
  }

  /// Merges ``symbols`` until no merge is left: always the one of lowest rank, the leftmost first.
  mutating func mergeAll(_ table: MergeTable) {
    guard symbols.count > 1 else { return }
    if !tracksLengths, symbols.count <= ShortMerge.limit, table.highestRank <= ShortMerge.rankLimit
    {
      for i in 1..<symbols.count { short.set(i - 1, table.merge(symbols[i - 1], symbols[i])) }
      short.merge(&symbols, table)
      return
    }
    merges.removeAll(keepingCapacity: true)
    for i in 1..<symbols.count { merges.append(table.merge(symbols[i - 1], symbols[i])) }
    mergeByQueue(table)
  }

  private mutating func mergeByQueue(_ table: MergeTable) {
    let count = symbols.count
    previous.removeAll(keepingCapacity: true)
    next.removeAll(keepingCapacity: true)
    heap.removeAll(keepingCapacity: true)
    merges.append(.none)
    for i in 0..<count {
      previous.append(Int32(i) - 1)
      next.append(i + 1 < count ? Int32(i) + 1 : -1)
      push(merges[i], at: i)
    }
    while let (rank, position) = pop() {
      // Entries of pairs that have changed since are stale.
      guard merges[position] < .none, merges[position].rank == rank else { continue }
      let absorbed = Int(next[position])
      symbols[position] = merges[position].id
      symbols[absorbed] = -1
      if tracksLengths {
        lengths[position] += lengths[absorbed]
        lengths[absorbed] = 0
      }
      merges[absorbed] = .none
      let after = Int(next[absorbed])
      next[position] = Int32(after)
      merges[position] = .none
      if after >= 0 {
        previous[after] = Int32(position)
        merges[position] = table.merge(symbols[position], symbols[after])
        push(merges[position], at: position)
      }
      let before = Int(previous[position])
      if before >= 0 {
        merges[before] = table.merge(symbols[before], symbols[position])
        push(merges[before], at: before)
      }
    }
    symbols.removeAll { $0 < 0 }
    if tracksLengths { lengths.removeAll { $0 == 0 } }
  }

  private mutating func push(_ merge: MergeTable.Merge, at position: Int) {
    guard merge < .none else { return }
    var child = heap.count
    let entry = merge.rank << 32 | UInt64(position)
    heap.append(entry)
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[parent] > entry else { break }
      heap[child] = heap[parent]
      child = parent
    }
    heap[child] = entry
  }

  private mutating func pop() -> (rank: UInt64, position: Int)? {
    guard let last = heap.popLast() else { return nil }
    guard let top = heap.first else { return (last >> 32, Int(last & 0xFFFF_FFFF)) }
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
      guard heap[child] < last else { break }
      heap[parent] = heap[child]
      parent = child
    }
    heap[parent] = last
    return (top >> 32, Int(top & 0xFFFF_FFFF))
  }
}
