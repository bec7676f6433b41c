import TensorCore
import FileIO
import Checkpoint
import Diagnostics
import LanguageModels
import StrictJSON
import TestSupport
import Testing
import Torch

/// The decoder against transformers and PEFT on the tiny Llama.
@Suite struct GoldenTests {
  @Test(arguments: GoldenLlama.caseNames) func logits(name: String) throws {
    let golden = try GoldenLlama.golden.get()
    let item = try #require(golden["cases"]?.array?.first { $0["name"]?.string == name })
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/model"
    try GoldenLlama.write(
      weights: try #require(item["weights"]?.string), config: item["config"], to: path)
    let model = try loadCausalModel(path, dtype: .f32).model
    let tokens = try #require(golden["tokens"]).tokens
    let batch = PackedBatch(sequences: [tokens])
    let found = try withoutGradients {
      try model.logits(model.hiddenStates(batch)).slice(tokens.count - 1..<tokens.count)
    }
    #expect(distance(try found.floats(), try #require(item["logits"]).numbers) < 2e-5)
  }

  @Test func theGoldenHasEveryScaling() {
    #expect(GoldenLlama.caseNames.count == 7)
  }

  @Test func rewardsLossAndGradientsOfAnAdaptedModel() throws {
    let reward = try #require(try GoldenLlama.golden.get()["reward"])
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/model"
    try GoldenLlama.write(weights: "plain", config: reward["config"], to: path)
    let adapter = Fixtures.path("tiny-llama/adapter")
    let model = try loadRewardModel(path, adapter: adapter, dtype: .f32).model
    #expect(model.trainableParameters.count == 29)
    let groups = try #require(reward["pairs"]?.array).map { pair in
      let parts = (pair.array ?? []).map(\.tokens)
      return PackedBatch.Group(prompt: parts[0], branches: [parts[1], parts[2]])
    }
    let rewards = try model.rewards(PackedBatch(groups: groups))
    #expect(distance(try rewards.floats(), try #require(reward["rewards"]).numbers) < 1e-5)
    let pairs = try rewards.reshaped([-1, 2])
    let margin = try pairs.slice(0..<1, along: 1) - pairs.slice(1..<2, along: 1)
    let loss = try -margin.logSigmoid().mean()
    #expect(abs(Float(try loss.item()) - Float(try #require(reward["loss"]?.double))) < 1e-5)
    try loss.backward()
    let wanted = try TensorStore(safetensors: Fixtures.path("tiny-llama/gradients.safetensors"))
    #expect(wanted.names.sorted() == model.trainableParameters.map(\.name).sorted())
    for parameter in model.trainableParameters {
      let gradient = try #require(try parameter.tensor.gradient()).floats()
      let expected = try #require(wanted[parameter.name]).floats()
      let size = expected.map { abs($0) }.max() ?? 0
      #expect(size > 0)
      #expect(distance(gradient, expected) < 1e-4 * size + 1e-6, "\(parameter.name)")
    }
  }
}
