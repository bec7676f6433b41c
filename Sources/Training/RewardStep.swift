import Datasets
import Diagnostics
import Glibc
import LanguageModels
import Torch

/// What one optimiser step did, before the weights moved.
struct StepSums: Sendable, Equatable {
  /// The mean loss of the step's pairs.
  var loss = 0.0
  /// The pairs whose preferred answer had the higher reward; a tie counts half.
  var hits = 0.0
  /// The number of pairs.
  var pairs = 0
  /// The tokens of all sequences, counted as if nothing were shared.
  var tokens = 0
}

extension RewardModel {
  /// Adds the gradients of a step: the mean of −log σ(chosen − rejected − margin) over its pairs.
  ///
  /// - Parameter batches: the pairs of each forward and backward pass.
  func accumulateGradients(_ batches: [[EncodedPair]]) throws(GraftError) -> StepSums {
    var sums = StepSums()
    let count = batches.reduce(0) { $0 + $1.count }
    for batch in batches {
      let rewards = try self.rewards(PackedBatch(pairs: batch))
      let loss = try pairwiseLossSum(rewards, margins: batch.map(\.margin)) / Double(count)
      try loss.backward()
      sums.loss += try loss.item()
      let values = try rewards.detached().floats()
      for i in batch.indices {
        sums.hits += credit(Double(values[2 * i]) - Double(values[2 * i + 1]))
        sums.tokens += batch[i].tokenCount
      }
    }
    sums.pairs = count
    return sums
  }

  /// Compares the rewards of pairs, without gradients.
  ///
  /// - Parameter progress: called with the pairs done; false stops.
  /// - Returns: nil where it was stopped.
  func evaluate(
    _ pairs: PairSet, batchSize: Int, progress: (Int) -> Bool
  ) throws(GraftError) -> Evaluation? {
    let wasTraining = isTraining
    isTraining = false
    defer { isTraining = wasTraining }
    var (loss, hits, difference) = (0.0, 0.0, 0.0)
    for start in stride(from: 0, to: pairs.count, by: batchSize) {
      let batch = try pairs.pairs(start..<min(start + batchSize, pairs.count))
      let values = try withoutGradients { () throws(GraftError) -> [Float] in
        try rewards(PackedBatch(pairs: batch)).floats()
      }
      for (i, pair) in batch.enumerated() {
        let gap = Double(values[2 * i]) - Double(values[2 * i + 1])
        loss += softplus(pair.margin - gap)
        hits += credit(gap)
        difference += gap
      }
      guard progress(start + batch.count) else { return nil }
    }
    let count = Double(max(1, pairs.count))
    return Evaluation(
      loss: loss / count, accuracy: hits / count, rewardDifference: difference / count,
      pairs: pairs.count)
  }
}

/// The sum of −log σ(chosen − rejected − margin).
///
/// - Parameter rewards: `[2 · pairs]`, each preferred sequence before the other.
func pairwiseLossSum(_ rewards: Tensor, margins: [Double]) throws(GraftError) -> Tensor {
  let columns = try rewards.reshaped([margins.count, 2])
  var gap = try columns.slice(0..<1, along: 1) - columns.slice(1..<2, along: 1)
  if margins.contains(where: { $0 != 0 }) {
    gap = try gap - Tensor(margins.map { Float($0) }, shape: [margins.count, 1])
  }
  return try -gap.logSigmoid().sum()
}

extension PackedBatch {
  /// One group a pair: the shared tokens once, then the preferred and the other answer.
  init(pairs: [EncodedPair]) {
    self.init(
      groups: pairs.map { Group(prompt: $0.prompt, branches: [$0.chosen, $0.rejected]) })
  }
}

private func credit(_ gap: Double) -> Double { gap > 0 ? 1 : gap == 0 ? 0.5 : 0 }

/// log(1 + exp(x)), without overflow.
private func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }
