public import Diagnostics
public import LanguageModels
import Torch

extension RewardModel {
  /// The reward of each sequence: the head's value at its last token, with the declared offset and
  /// normalisation.
  ///
  /// Sequences are run in batches of similar length, without padding, so a reward does not depend
  /// on what else is scored.
  ///
  /// - Parameters:
  ///   - sequences: token ids, none empty.
  ///   - tokensPerBatch: about how many tokens are run at once; a longer sequence runs alone.
  ///   - progress: called with the number of sequences done.
  public func scores(
    of sequences: [[Int32]], tokensPerBatch: Int = 2048, progress: (Int) -> Void = { _ in }
  ) throws(GraftError) -> [Float] {
    var scores = [Float](repeating: .nan, count: sequences.count)
    var done = 0
    for batch in batches(ofLengths: sequences.map(\.count), tokenLimit: tokensPerBatch) {
      let packed = PackedBatch(sequences: batch.map { sequences[$0] })
      let values = try withoutGradients { () throws(GraftError) -> [Float] in
        try rewards(packed).floats()
      }
      for (index, reward) in zip(batch, values) { scores[index] = adjustment(reward) }
      done += batch.count
      progress(done)
    }
    return scores
  }
}

/// Groups indices so that neighbours in length run together, longest first.
func batches(ofLengths lengths: [Int], tokenLimit: Int) -> [[Int]] {
  let order = lengths.indices.sorted { (lengths[$1], $0) < (lengths[$0], $1) }
  var batches: [[Int]] = []
  var tokens = 0
  for index in order {
    if batches.isEmpty || tokens + lengths[index] > tokenLimit {
      batches.append([])
      tokens = 0
    }
    batches[batches.count - 1].append(index)
    tokens += lengths[index]
  }
  return batches
}
