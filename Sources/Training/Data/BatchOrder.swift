/// Which pairs each optimiser step uses.
///
/// The order of an epoch depends on the seed and the epoch's number alone, so a run that stopped
/// at any step goes on with exactly the pairs that it would have used. As in transformers, the
/// last step of an epoch takes what is left.
struct BatchOrder: Sendable, Equatable {
  /// The number of pairs.
  var count: Int
  /// The pairs of one forward and backward pass.
  var batchSize: Int
  /// The passes of one optimiser step.
  var accumulationSteps: Int
  /// The seed of the order, or nil for the order of the rows.
  var seed: UInt64?

  /// The optimiser steps of an epoch.
  var stepsPerEpoch: Int {
    let batches = (count + batchSize - 1) / batchSize
    return (batches + accumulationSteps - 1) / accumulationSteps
  }

  /// The pairs of optimiser step `step` (from 0), in batches of ``batchSize``.
  func batches(ofStep step: Int) -> [[Int]] {
    let (epoch, stepInEpoch) = step.quotientAndRemainder(dividingBy: stepsPerEpoch)
    let order = permutation(ofEpoch: epoch)
    let start = stepInEpoch * batchSize * accumulationSteps
    let end = min(start + batchSize * accumulationSteps, count)
    return stride(from: start, to: end, by: batchSize).map {
      Array(order[$0..<min($0 + batchSize, end)])
    }
  }

  private func permutation(ofEpoch epoch: Int) -> [Int] {
    guard let seed else { return Array(0..<count) }
    return shuffledIndices(count, seed: seed, stream: UInt64(epoch))
  }
}

extension BatchOrder {
  /// The order of a run over `count` pairs.
  init(_ config: TrainingConfig, count: Int) {
    self.init(
      count: count, batchSize: config.batchSize, accumulationSteps: config.accumulationSteps,
      seed: config.keepsOrder ? nil : UInt64(bitPattern: Int64(config.dataSeed)))
  }
}

/// The numbers below `count` in an order that depends on `seed` and `stream` alone.
///
/// Source: Fisher and Yates's shuffle as Knuth's Algorithm P.
func shuffledIndices(_ count: Int, seed: UInt64, stream: UInt64) -> [Int] {
  var seeds = SplitMix64(seed: seed)
  var generator = SplitMix64(seed: seeds.next() ^ (stream &* 0xD1B5_4A32_D192_ED03))
  var indices = Array(0..<count)
  for last in stride(from: count - 1, to: 0, by: -1) {
    // The multiplication's upper half spreads a 64-bit number over 0...last.
    let other = Int(generator.next().multipliedFullWidth(by: UInt64(last + 1)).high)
    indices.swapAt(last, other)
  }
  return indices
}

/// A small, fast generator whose numbers depend on the seed alone.
///
/// Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014).
struct SplitMix64 {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
