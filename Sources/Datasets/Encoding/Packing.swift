/// Packs sequences into as few of one length as a greedy choice finds: the longest that fits comes
/// next. Source: LLaMA-Factory's `greedy_knapsack`.
///
/// - Parameters:
///   - cutoff: the longest sequence; each result has one token more.
///   - pad: what fills up.
func packed(_ sequences: [EncodedSequence], cutoff: Int, pad: Int32) -> [PackedSequence] {
  // Among sequences of one length, the last comes first.
  var lengths = sequences.map(\.ids.count).sorted()
  var ofLength: [Int: [Int]] = [:]
  for (i, sequence) in sequences.enumerated() {
    ofLength[sequence.ids.count, default: []].append(i)
  }
  var results: [PackedSequence] = []
  while !lengths.isEmpty {
    var result = PackedSequence(sequence: EncodedSequence(), positions: [], segments: [])
    var room = cutoff
    var segment: Int32 = 0
    while let fitting = lastFitting(lengths, room) {
      let length = lengths.remove(at: fitting)
      room -= length
      segment += 1
      guard let index = ofLength[length]?.popLast() else { continue }
      result.sequence.ids += sequences[index].ids
      result.sequence.labels += sequences[index].labels
      result.positions += (0..<Int32(length)).map { $0 }
      result.segments += [Int32](repeating: segment, count: length)
    }
    let missing = cutoff + 1 - result.sequence.ids.count
    result.sequence.ids += [Int32](repeating: pad, count: missing)
    result.sequence.labels += [Int32](repeating: EncodedSequence.ignored, count: missing)
    result.positions += [Int32](repeating: 0, count: missing)
    result.segments += [Int32](repeating: 0, count: missing)
    results.append(result)
  }
  return results
}

/// The last of the sorted numbers that is at most `limit`.
private func lastFitting(_ numbers: [Int], _ limit: Int) -> Int? {
  var (low, high) = (0, numbers.count)
  while low < high {
    let middle = (low + high) / 2
    if numbers[middle] <= limit { low = middle + 1 } else { high = middle }
  }
  return low == 0 ? nil : low - 1
}
