import Datasets
import Diagnostics

/// Pairs that are read from the disk when they are asked for, in an order of their own.
struct PairSet: Sendable {
  /// The number of pairs.
  let count: Int
  private let mix: TokenMix?
  private let order: Permutation?
  private let start: Int

  /// No pairs.
  static let empty = PairSet(count: 0, mix: nil, order: nil, start: 0)

  private init(count: Int, mix: TokenMix?, order: Permutation?, start: Int) {
    self.count = count
    self.mix = mix
    self.order = order
    self.start = start
  }

  /// All pairs of a mix.
  init(_ mix: TokenMix) { self.init(count: mix.count, mix: mix, order: nil, start: 0) }

  /// Some of the places of an order of the whole set.
  func part(of order: Permutation, _ places: Range<Int>) -> PairSet {
    PairSet(count: places.count, mix: mix, order: order, start: places.lowerBound)
  }

  /// Whether there are none.
  var isEmpty: Bool { count == 0 }

  /// The pair at a place.
  ///
  /// - Throws: ``GraftError`` if the cache is not one of pairs.
  func pair(_ place: Int) throws(GraftError) -> EncodedPair {
    let record = try mix?.record(order?[start + place] ?? place) ?? []
    guard let pair = EncodedPair(record: record) else { throw .brokenPair(place) }
    return pair
  }

  /// The pairs at some places.
  func pairs(_ places: some Sequence<Int>) throws(GraftError) -> [EncodedPair] {
    var pairs: [EncodedPair] = []
    for place in places { pairs.append(try pair(place)) }
    return pairs
  }

  /// How often the longer answer is the preferred one, in tokens; a tie counts half. Accuracy that
  /// is not above this says nothing about what the model learned.
  func longerAnswerAccuracy() throws(GraftError) -> Double {
    var sum = 0.0
    for place in 0..<count { sum += try pair(place).longerAnswerCredit }
    return sum / Double(max(1, count))
  }

  /// Changes with any token of the pairs, and with their order.
  var digest: String { "\(mix?.digest ?? "") \(start) \(count)" }
}
