import TestSupport
import TensorCore
import StrictJSON
import FileIO
import Checkpoint
import Diagnostics
import LanguageModels
import Testing
import Torch

/// Packed batches with shared prompts against one sequence at a time.
@Suite struct PackingTests {
  private static let groups: [PackedBatch.Group] = [
    .init(prompt: [5, 9, 2, 30, 11], branches: [[4, 4, 17], [21, 3], [7]]),
    .init(prompt: [], branches: [[1, 2, 3, 4, 5, 6, 7, 8, 9]]),
    .init(prompt: [], branches: [[31], [30, 1]]),
    .init(prompt: [8, 8, 8], branches: [[], [8]]),
    .init(prompt: [12, 13], branches: [[14, 15, 16]]),
  ]
  private static var sequences: [[Int32]] {
    groups.flatMap { group in group.branches.map { group.prompt + $0 } }
  }

  @Test func layout() {
    let batch = PackedBatch(groups: Array(Self.groups.prefix(2)))
    #expect(batch.tokens.count == 20)
    #expect(Array(batch.positions.prefix(11)) == [0, 1, 2, 3, 4, 5, 6, 7, 5, 6, 5])
    #expect(batch.lastTokens == [7, 9, 10, 19])
    #expect(PackedBatch(groups: Self.groups).lastTokens[6...7] == [25, 26])
  }

  private func rewardModel(dropout: Double = 0) throws -> RewardModel {
    let decoder = try GoldenLlama.loadPlain()
    try decoder.adapt(LoRASettings(rank: 3, alpha: 6, dropout: dropout), seed: 4)
    let head = try RewardModel.freshHead(hiddenSize: decoder.config.hiddenSize, seed: 5)
    let model = try RewardModel(decoder: decoder, head: head)
    for parameter in model.trainableParameters where parameter.name.contains("lora_B") {
      let noise = try Tensor.normal(parameter.tensor.shape, deviation: 0.3, seed: 6)
      try withoutGradients { try parameter.tensor.add(noise) }
    }
    return model
  }

  @Test func sharedPromptsGiveTheSameRewardsAndGradients() throws {
    let model = try rewardModel()
    let factors = try Tensor((0..<Self.sequences.count).map { Float($0) - 3.5 })
    let packed = try model.rewards(PackedBatch(groups: Self.groups))
    try (packed * factors).sum().backward()
    var gradients: [[Float]] = []
    for parameter in model.trainableParameters {
      gradients.append(try #require(try parameter.tensor.gradient()).floats())
      try parameter.tensor.setGradient(nil)
    }
    var single: [Float] = []
    for (index, sequence) in Self.sequences.enumerated() {
      let reward = try model.rewards(PackedBatch(sequences: [sequence]))
      single += try reward.floats()
      try (reward * (Double(index) - 3.5)).sum().backward()
    }
    #expect(distance(try packed.floats(), single) < 1e-5)
    for (parameter, packed) in zip(model.trainableParameters, gradients) {
      let alone = try #require(try parameter.tensor.gradient()).floats()
      let size = alone.map { abs($0) }.max() ?? 0
      #expect(size > 0)
      #expect(distance(packed, alone) < 1e-4 * size, "\(parameter.name)")
    }
  }

  @Test func lastRowsAreRowsOfTheWhole() throws {
    let model = try rewardModel()
    let batch = PackedBatch(groups: Self.groups)
    try withoutGradients {
      let all = try model.decoder.hiddenStates(batch)
      let rows = try all.selected(Tensor(batch.lastTokens.map { Int64($0) }))
      let last = try model.decoder.lastHiddenStates(batch)
      #expect(distance(try rows.floats(), try last.floats()) < 1e-5)
    }
  }

  @Test func gradientsAgreeWithFiniteDifferences() throws {
    let model = try rewardModel()
    let batch = PackedBatch(groups: Array(Self.groups.prefix(2)))
    let factors = try Tensor([1, -2, 0.5, 1.5] as [Float])
    try (model.rewards(batch) * factors).sum().backward()
    for name in ["layers.0.self_attn.k_proj.lora_A", "layers.1.mlp.down_proj.lora_B", "score"] {
      let parameter = try #require(
        model.trainableParameters.first { $0.name.contains(name) })
      let gradient = try #require(try parameter.tensor.gradient())
      // Along the gradient itself, the derivative is its squared length.
      let length = try gradient.squared().sum().item()
      let step = 1e-2 / length.squareRoot()
      let slope = try withoutGradients {
        try parameter.tensor.add(gradient, factor: step)
        let up = try (model.rewards(batch) * factors).sum().item()
        try parameter.tensor.add(gradient, factor: -2 * step)
        let down = try (model.rewards(batch) * factors).sum().item()
        try parameter.tensor.add(gradient, factor: step)
        return (up - down) / (2 * step)
      }
      #expect(abs(slope / length - 1) < 0.01, "\(name)")
    }
  }

  @Test func dropoutWorksInTrainingOnly() throws {
    let model = try rewardModel(dropout: 0.5)
    let batch = PackedBatch(groups: Self.groups)
    let still = try model.rewards(batch).floats()
    #expect(try model.rewards(batch).floats() == still)
    model.isTraining = true
    let first = try model.rewards(batch).floats()
    #expect(first != still)
    #expect(try model.rewards(batch).floats() != first)
    model.isTraining = false
    #expect(try model.rewards(batch).floats() == still)
  }

  @Test func bfloat16StaysClose() throws {
    let model = try GoldenLlama.loadPlain(dtype: .bf16)
    let exact = try GoldenLlama.loadPlain()
    let batch = PackedBatch(groups: Self.groups)
    try withoutGradients {
      let a = try model.lastHiddenStates(batch)
      #expect(a.dtype == .bf16)
      #expect(distance(try a.floats(), try exact.lastHiddenStates(batch).floats()) < 0.3)
    }
  }

  @Test func sequencesThatCannotBeRunAreErrors() throws {
    let model = try GoldenLlama.loadPlain()
    for sequences in [[[1], []], [[32]], [[-1]]] as [[[Int32]]] {
      let error = #expect(throws: GraftError.self) {
        try model.hiddenStates(PackedBatch(sequences: sequences))
      }
      #expect(error?.code == .badSequence)
    }
  }
}
