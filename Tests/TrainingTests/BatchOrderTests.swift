import Testing

@testable import Training

struct BatchOrderTests {
  @Test func eachEpochUsesEveryPairOnce() {
    let order = BatchOrder(count: 23, batchSize: 3, accumulationSteps: 2, seed: 7)
    #expect(order.stepsPerEpoch == 4)
    var epochs: [[Int]] = []
    for epoch in 0..<3 {
      let steps = (0..<4).map { order.batches(ofStep: epoch * 4 + $0) }
      #expect(steps.map { $0.map(\.count) } == [[3, 3], [3, 3], [3, 3], [3, 2]])
      let pairs = steps.flatMap { $0.flatMap { $0 } }
      #expect(pairs.sorted() == Array(0..<23))
      epochs.append(pairs)
    }
    #expect(Set(epochs).count == 3)
    // No epoch is another one shifted.
    #expect(epochs[0].dropFirst() != epochs[1].dropLast())
  }

  @Test func seedsDecide() {
    func first(_ seed: UInt64?) -> [[Int]] {
      BatchOrder(count: 50, batchSize: 50, accumulationSteps: 1, seed: seed).batches(ofStep: 0)
    }
    #expect(first(1) == first(1) && first(1) != first(2))
    #expect(first(nil) == [Array(0..<50)])
  }

  @Test func everyPlaceIsEquallyLikely() {
    var counts = [Int](repeating: 0, count: 5)
    for stream in 0..<20_000 as Range<UInt64> {
      counts[shuffledIndices(5, seed: 42, stream: stream)[0]] += 1
    }
    #expect(counts.allSatisfy { abs($0 - 4_000) < 300 }, "\(counts)")
  }
}
