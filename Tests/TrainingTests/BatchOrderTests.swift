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

  @Test func anyStepIsFoundWithoutThoseBefore() {
    // A run that goes on at a step needs nothing of the steps before it.
    let order = BatchOrder(count: 1 << 34, batchSize: 4, accumulationSteps: 1, seed: 1)
    let far = order.batches(ofStep: 3 << 32)
    #expect(far == order.batches(ofStep: 3 << 32) && far.map(\.count) == [4])
    #expect(far != order.batches(ofStep: 0))
  }
}
