import Datasets

/// Which pairs each optimiser step uses.
///
/// The order of an epoch depends on the seed and the epoch's number alone and is computed place by
/// place, so a run that stopped at any step goes on with exactly the pairs that it would have used. As in transformers, the
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
    let order = seed.map { Permutation(count: count, seed: $0, stream: UInt64(epoch)) }
    let start = stepInEpoch * batchSize * accumulationSteps
    let end = min(start + batchSize * accumulationSteps, count)
    return stride(from: start, to: end, by: batchSize).map { first in
      (first..<min(first + batchSize, end)).map { order?[$0] ?? $0 }
    }
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
