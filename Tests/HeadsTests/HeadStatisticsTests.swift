import Checkpoint
import Foundation
import Heads
import TensorCore
import TestSupport
import Testing

@Suite struct HeadStatisticsTests {
  private func verdict(_ values: [Float]) throws -> HeadStatistics.Verdict {
    let source = MemorySource(
      name: "score.weight", shape: [1, values.count], floats: values, origin: "test")
    let head = try #require(Head(kind: .score, weight: source, bias: nil))
    return try HeadStatistics(head).verdict
  }

  private func normal(_ count: Int, deviation: Double, seed: UInt64) -> [Float] {
    var generator = SplitMix(state: seed)
    return (0..<count).map { _ in
      let (u, v) = (generator.unit(), generator.unit())
      return Float(deviation * (-2 * log(u)).squareRoot() * cos(2 * .pi * v))
    }
  }

  @Test func freshDrawsAreCalledThat() throws {
    for (deviation, name) in [
      (0.02, "transformers"), (1 / Double(1025).squareRoot(), "OpenRLHF"), (0.2, "TRL"),
    ] {
      for seed in 1...5 {
        guard
          case .fresh(let draw) = try verdict(
            normal(1024, deviation: deviation, seed: UInt64(seed)))
        else {
          Issue.record("a draw with deviation \(deviation), seed \(seed) passed for trained")
          continue
        }
        #expect(draw.name.contains(name))
      }
    }
    var generator = SplitMix(state: 3)
    let bound = 1 / 1024.0.squareRoot()
    let uniform = (0..<1024).map { _ in Float(bound * (2 * generator.unit() - 1)) }
    guard case .fresh(let draw) = try verdict(uniform) else {
      Issue.record("a uniform draw passed for trained")
      return
    }
    #expect(draw.name.contains("PyTorch"))
  }

  @Test func movedHeadsAreCalledTrained() throws {
    #expect(try verdict(normal(1024, deviation: 0.05, seed: 1)) == .trained)
    #expect(try verdict(normal(1024, deviation: 0.02, seed: 1).map { $0 + 0.01 }) == .trained)
  }

  @Test func emptyAndBrokenHeadsAreCalledThat() throws {
    #expect(try verdict([Float](repeating: 0, count: 64)) == .allZero)
    #expect(try verdict([1, .nan] + [Float](repeating: 0, count: 62)) == .notFinite)
  }
}

private struct SplitMix {
  var state: UInt64

  mutating func unit() -> Double {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return (Double((z ^ (z >> 31)) >> 11) + 0.5) / Double(1 << 53)
  }
}
