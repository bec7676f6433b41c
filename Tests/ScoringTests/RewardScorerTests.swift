import Diagnostics
import LanguageModels
import TensorCore
import TestSupport
import Testing

@testable import Scoring

struct RewardScorerTests {
  private func model() throws -> RewardModel {
    let directory = try TemporaryDirectory()
    try TinyModel.write(to: directory.file("model"))
    return try loadRewardModel(directory.file("model"), newHead: 3, dtype: .f32).model
  }

  @Test func rewardsDoNotDependOnTheBatch() throws {
    let model = try model()
    let sequences = (0..<24).map { row in
      (0...(row * 5) % 37).map { Int32((row * 31 + $0 * 17) % TinyModel.vocabularySize) }
    }
    let alone = try sequences.map { try model.scores(of: [$0])[0] }
    #expect(Set(alone).count > 20)
    for limit in [1, 50, 100_000] {
      let together = try model.scores(of: sequences, tokensPerBatch: limit)
      #expect(zip(alone, together).allSatisfy { abs($0 - $1) < 1e-5 }, "limit \(limit)")
    }
    let backwards = try model.scores(of: sequences.reversed())
    #expect(zip(alone, backwards.reversed()).allSatisfy { abs($0 - $1) < 1e-5 })
  }

  @Test func neighboursInLengthRunTogether() {
    #expect(batches(ofLengths: [3, 9, 1, 4], tokenLimit: 8) == [[1], [3, 0, 2]])
    #expect(batches(ofLengths: [], tokenLimit: 8).isEmpty)
    #expect(batches(ofLengths: [5, 5], tokenLimit: 1) == [[0], [1]])
  }
}
