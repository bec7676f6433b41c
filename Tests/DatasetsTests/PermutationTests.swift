import Testing

@testable import Datasets

struct PermutationTests {
  @Test(arguments: [1, 2, 3, 5, 16, 17, 100, 1000, 4097])
  func everyNumberOnce(count: Int) {
    let order = Permutation(count: count, seed: 7, stream: 0)
    #expect((0..<count).map { order[$0] }.sorted() == Array(0..<count))
  }

  @Test func seedsAndStreamsDecide() {
    func first(_ seed: UInt64, _ stream: UInt64) -> [Int] {
      let order = Permutation(count: 50, seed: seed, stream: stream)
      return (0..<50).map { order[$0] }
    }
    #expect(first(1, 0) == first(1, 0))
    #expect(Set([first(1, 0), first(2, 0), first(1, 1), first(1, 2), Array(0..<50)]).count == 5)
  }

  @Test(arguments: [2, 3, 5, 6]) func everyOrderIsEquallyLikely(count: Int) {
    let runs = 12_000
    var orders: [[Int]: Int] = [:]
    var places = [[Int]](repeating: [Int](repeating: 0, count: count), count: count)
    for stream in 0..<UInt64(runs) {
      let order = Permutation(count: count, seed: 42, stream: stream)
      let numbers = (0..<count).map { order[$0] }
      orders[numbers, default: 0] += 1
      for (place, number) in numbers.enumerated() { places[place][number] += 1 }
    }
    let factorial = (1...count).reduce(1, *)
    #expect(orders.count == factorial)
    let share = Double(runs) / Double(factorial)
    #expect(orders.values.allSatisfy { abs(Double($0) - share) < 7 * share.squareRoot() })
    let mean = Double(runs) / Double(count)
    #expect(places.joined().allSatisfy { abs(Double($0) - mean) < 6 * mean.squareRoot() })
  }

  @Test func hugeCountsCostNothing() {
    let count = 1 << 40
    let order = Permutation(count: count, seed: 3, stream: 1)
    let numbers = Set((0..<1000).map { order[count / 2 + $0] })
    #expect(numbers.count == 1000 && numbers.allSatisfy { 0..<count ~= $0 })
    // They are spread over everything.
    #expect(numbers.count { $0 < count / 4 } > 180 && numbers.count { $0 < count / 4 } < 320)
  }
}
