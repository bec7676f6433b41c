public import Diagnostics

/// The records of several caches in one order, as LLaMA-Factory chooses and mixes rows.
///
/// Data sets one after the other need no memory; where rows are chosen (`num_samples`) or data sets
/// interleaved, eight bytes for each place.
public struct TokenMix: Sendable {
  /// A data set that is part of a mix.
  public struct Part: Sendable {
    /// Its name.
    public var name: String
    /// Its tokens.
    public var cache: TokenCache
    /// The rows to choose at random (`num_samples`), or nil for all.
    public var sampleCount: Int?
    /// The rows to take of those (`max_samples`), or nil for all.
    public var limit: Int?

    /// Names a part.
    public init(name: String, cache: TokenCache, sampleCount: Int? = nil, limit: Int? = nil) {
      self.name = name
      self.cache = cache
      self.sampleCount = sampleCount
      self.limit = limit
    }
  }

  /// How parts become one.
  public struct Rule: Sendable, Equatable {
    /// The strategy (`mix_strategy`).
    public var strategy = MixStrategy.concat
    /// The probabilities of the parts (`interleave_probs`), or nil for turns.
    public var probabilities: [Double]?
    /// The run's seed.
    public var seed: UInt64 = 42

    /// One part after the other.
    public init() {}
  }

  private enum Order: Sendable {
    /// Where each part begins.
    case parts([Int])
    /// Part and record of each place.
    case places([UInt64])
  }

  private let caches: [TokenCache]
  private let order: Order
  /// The number of records.
  public let count: Int

  /// Puts parts in order.
  ///
  /// - Parameter random: what rows are chosen with; LLaMA-Factory goes on with it from one mix to
  ///   the next.
  /// - Throws: ``GraftError`` if the probabilities do not fit the parts.
  public init(
    _ parts: [Part], rule: Rule, random: inout NumPyTwister
  ) throws(GraftError) {
    caches = parts.map(\.cache)
    let isPlain = rule.strategy == .concat || parts.count == 1
    if isPlain, parts.allSatisfy({ $0.sampleCount == nil && $0.takesAll }) {
      var starts: [Int] = []
      var total = 0
      for part in parts {
        starts.append(total)
        total += part.cache.count
      }
      order = .parts(starts)
      count = total
      return
    }
    let rows = parts.map { $0.rows(&random) }
    var places: [UInt64] = []
    for (set, i) in try Self.order(parts, rows.map(\.count), isPlain ? TokenMix.Rule() : rule) {
      let row = rows[set][i]
      if let record = parts[set].cache.record(ofRow: row) {
        places.append(UInt64(set) << 40 | UInt64(record))
      }
    }
    order = .places(places)
    count = places.count
  }

  private static func order(
    _ parts: [Part], _ counts: [Int], _ rule: Rule
  ) throws(GraftError) -> [(set: Int, row: Int)] {
    guard let probabilities = rule.probabilities, rule.strategy != .concat else {
      return rule.strategy.order(counts)
    }
    guard probabilities.count == parts.count else {
      throw .mixProbabilities("has \(probabilities.count) values for \(parts.count) data sets")
    }
    let sum = probabilities.reduce(0, +)
    guard probabilities.allSatisfy({ $0 >= 0 }), abs(sum - 1) < 1e-8 else {
      throw .mixProbabilities("has the sum \(sum), or a value below 0")
    }
    for (i, probability) in probabilities.enumerated() {
      guard probability > 0 || rule.strategy == .interleaveUnder else {
        throw .mixProbabilities("has 0 for '\(parts[i].name)', which is never used up")
      }
      guard probability == 0 || counts[i] > 0 else { throw .mixOfNothing(parts[i].name) }
    }
    return rule.strategy.order(counts, probabilities: probabilities, seed: rule.seed)
  }

  /// A hash that changes with any token, and with the order of the records.
  public var digest: String {
    var bytes = caches.flatMap { Array($0.digest.utf8) }
    if case .places(let places) = order {
      for place in places {
        bytes += (0..<8).map { UInt8(truncatingIfNeeded: place >> UInt64(8 * $0)) }
      }
    }
    return sha256(of: bytes)
  }

  /// The numbers of the record at a place.
  ///
  /// - Precondition: `place` is below ``count``.
  public func record(_ place: Int) throws(GraftError) -> [Int32] {
    switch order {
    case .parts(let starts):
      let part = (starts.lastIndex { $0 <= place }) ?? 0
      return try caches[part].record(place - starts[part])
    case .places(let places):
      let entry = places[place]
      return try caches[Int(entry >> 40)].record(Int(entry & (1 << 40 - 1)))
    }
  }
}

extension TokenMix.Part {
  fileprivate var takesAll: Bool { limit.map { $0 >= cache.rowCount } ?? true }

  /// The rows in their order.
  fileprivate func rows(_ random: inout NumPyTwister) -> [Int] {
    var rows = Array(0..<cache.rowCount)
    if let sampleCount {
      rows = Array(random.permutation(cache.rowCount).prefix(sampleCount))
      let missing = sampleCount - rows.count
      if missing > 0, cache.rowCount > 0 { rows += random.choice(cache.rowCount, size: missing) }
    }
    return limit.map { Array(rows.prefix($0)) } ?? rows
  }
}
