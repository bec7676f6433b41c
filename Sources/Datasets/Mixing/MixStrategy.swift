/// How several data sets become one: LLaMA-Factory's `mix_strategy`.
public enum MixStrategy: String, Sendable, CaseIterable {
  /// One after the other.
  case concat
  /// In turns, until the first is used up.
  case interleaveUnder = "interleave_under"
  /// In turns, until all are used up; those that are begin again.
  case interleaveOver = "interleave_over"
  /// In turns, each row once.
  case interleaveOnce = "interleave_once"

  /// The order of rows: for each place the data set and the row in it. Equal to that of
  /// `interleave_datasets` of the `datasets` package.
  ///
  /// - Parameter counts: the number of rows of each data set.
  public func order(_ counts: [Int]) -> [(set: Int, row: Int)] {
    switch self {
    case .concat:
      return counts.enumerated().flatMap { set, count in (0..<count).map { (set, $0) } }
    case .interleaveOnce:
      return (0..<(counts.max() ?? 0)).flatMap { row in
        counts.indices.filter { row < counts[$0] }.map { ($0, row) }
      }
    case .interleaveUnder, .interleaveOver:
      guard let shortest = counts.min(), let longest = counts.max(), shortest > 0 else { return [] }
      let rounds = self == .interleaveUnder ? shortest : longest
      return (0..<rounds).flatMap { row in counts.indices.map { ($0, row % counts[$0]) } }
    }
  }

  /// The order of rows where each comes from a data set that is drawn (`interleave_probs`).
  ///
  /// - Parameters:
  ///   - counts: the number of rows of each data set, above 0 where it can be drawn.
  ///   - probabilities: for each data set, above 0 unless the strategy is to stop early; their sum
  ///     is 1.
  ///   - seed: the run's.
  public func order(
    _ counts: [Int], probabilities: [Double], seed: UInt64
  ) -> [(set: Int, row: Int)] {
    guard self != .concat else { return order(counts) }
    var sums = probabilities
    for i in sums.indices.dropFirst() { sums[i] += sums[i - 1] }
    let total = sums.last ?? 1
    sums = sums.map { $0 / total }
    let drawable = counts.indices.filter { probabilities[$0] > 0 }
    var generator = NumPyGenerator(seed: seed)
    var drawn = [Int](repeating: 0, count: counts.count)
    var unfinished = drawable.count
    var result: [(set: Int, row: Int)] = []
    while unfinished > 0, drawable.allSatisfy({ counts[$0] > 0 }) {
      let number = generator.next()
      let set = sums.firstIndex { $0 > number } ?? counts.count - 1
      if self != .interleaveOnce || drawn[set] < counts[set] {
        result.append((set, drawn[set] % counts[set]))
      }
      drawn[set] += 1
      if drawn[set] == counts[set] {
        unfinished -= 1
        if self == .interleaveUnder { break }
      }
    }
    return result
  }
}
