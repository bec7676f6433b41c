import Checkpoint
import Diagnostics
import FileIO
import Heads
import StrictJSON
import TensorCore
import TestSupport
import Testing

/// Heads of several layers: made one, or carried whole.
@Suite struct StackedHeadTests {
  private let directory: TemporaryDirectory
  private let layers = [
    TensorFixture("v_head.summary.0.weight", [8, 8], seed: 1),
    TensorFixture("v_head.summary.0.bias", [8], seed: 2),
    TensorFixture("v_head.summary.2.weight", [1, 8], seed: 3),
    TensorFixture("v_head.summary.2.bias", [1], seed: 4),
  ]

  init() throws { directory = try TemporaryDirectory() }

  private func model(_ head: [TensorFixture], _ name: String = "model") throws -> String {
    var model = TinyLlama()
    model.tensors += head
    try model.write(to: directory.file(name))
    return directory.file(name)
  }

  private func convert(
    _ input: String, to form: HeadForm, _ change: (inout HeadConversion) -> Void
  ) throws -> ModelDirectory {
    var conversion = HeadConversion(input: input, output: directory.file("out"), form: form)
    conversion.replacesOutput = true
    change(&conversion)
    return try ModelDirectory(conversion.run().output)
  }

  private func refusal(
    _ input: String, to form: HeadForm, _ change: (inout HeadConversion) -> Void = { _ in }
  ) -> GraftError? {
    let error = #expect(throws: GraftError.self) { try convert(input, to: form, change) }
    #expect(!directoryExists(directory.file("out")))
    return error
  }

  /// Wₙ · … · W₁ and the bias that goes with it, in float64.
  private func product(_ fixtures: [TensorFixture]) -> (weight: [Float], bias: Float) {
    var (matrix, width, bias) = ([1.0], 1, 0.0)
    for weight in fixtures.reversed() where weight.name.hasSuffix("weight") {
      let name = weight.name.dropLast("weight".count) + "bias"
      if let shift = fixtures.first(where: { $0.name == name }) {
        for k in 0..<width { bias += matrix[k] * Double(shift.values[k]) }
      }
      let columns = weight.shape[1]
      matrix = (0..<columns).map { j in
        (0..<width).reduce(0) { $0 + matrix[$1] * Double(weight.values[$1 * columns + j]) }
      }
      width = columns
    }
    return (matrix.map(Float.init), Float(bias))
  }

  @Test func layersWithNothingBetweenThemBecomeOne() throws {
    let model = try convert(try model(layers), to: .score) { $0.activation = HeadActivation.none }
    let expected = product(layers)
    let weight = try #require(model.store["score.weight"])
    #expect(weight.spec.shape == [1, 8] && weight.spec.dtype == .f32)
    for (found, truth) in zip(try weight.floats(), expected.weight) {
      #expect(abs(found - truth) <= 2 * truth.ulp)
    }
    let offset = try #require(try model.config.headDeclaration.offset.first)
    #expect(abs(offset - Double(expected.bias)) < 1e-6)
    #expect(model.config.architectures == ["LlamaForSequenceClassification"])
    #expect(try HeadSearch(model).findings(config: model.config).isEmpty)
    let record = try JSONValue.parse(try readFile(directory.file("out/graft.json")))
    let from = record["ledger"]?["tensors"]?["score.weight"]?["from"]?.array?.count
    #expect(from == 2)
    #expect(record["settings"]?["activation"] == "none")
  }

  @Test func threeLayersWithoutBiasesBecomeOne() throws {
    let three = [
      TensorFixture("reward_head.0.weight", [5, 8], seed: 5),
      TensorFixture("reward_head.1.weight", [6, 5], seed: 6),
      TensorFixture("reward_head.2.weight", [1, 6], seed: 7),
    ]
    let model = try convert(try model(three), to: .valueHead) {
      $0.activation = HeadActivation.none
    }
    let head = try #require(try Head.beside(model.path).first)
    for (found, truth) in zip(try head.weight.floats(), product(three).weight) {
      #expect(abs(found - truth) <= 2 * truth.ulp)
    }
    #expect(try head.bias?.floats() == [0])
    #expect(model.store["reward_head.0.weight"] == nil)
  }

  @Test func withoutAWordAboutTheActivationNothingIsDone() throws {
    let path = try model(layers)
    for form in HeadForm.allCases {
      let error = refusal(path, to: form)
      #expect(error?.message.contains("no file says what stands between") == true)
      #expect(error?.remedy?.contains("--activation none") == true)
    }
  }

  @Test(arguments: [HeadActivation.relu, .tanh, .gelu, .silu])
  func anActivationIsNotDroppedToFitOneLayer(activation: HeadActivation) throws {
    let error = refusal(try model(layers), to: .score) { $0.activation = activation }
    #expect(error?.message.contains("'\(activation)' between them") == true)
    #expect(error?.remedy?.contains("rename") == true)
    #expect((error?.remedy?.contains("reward-model") == true) == (activation == .relu))
  }

  @Test func layersThatDoNotFitAreRefused() throws {
    let odd = [
      TensorFixture("score.0.weight", [4, 8]), TensorFixture("score.2.weight", [1, 5]),
    ]
    let error = refusal(try model(odd), to: .score) { $0.activation = HeadActivation.none }
    #expect(error?.code == .headMismatch)
  }

  @Test func aHeadOfOneLayerHasNoActivation() throws {
    let path = try model([TensorFixture("value_head.weight", [1, 8])])
    let error = refusal(path, to: .score) { $0.activation = HeadActivation.none }
    #expect(error?.remedy == "Leave out --activation")
  }

  @Test func bothLayersAreCarriedIntoTheClassThatHasThem() throws {
    let path = try model(layers)
    let refused = refusal(path, to: .rewardModel) { $0.activation = .relu }
    #expect(refused?.message.contains("family 'llama'") == true)
    let model = try convert(path, to: .rewardModel) {
      $0.activation = .relu
      $0.className = "Qwen2"
    }
    #expect(model.config.architectures == ["Qwen2ForRewardModel"])
    for layer in layers {
      let name = "score" + layer.name.dropFirst("v_head.summary".count)
      #expect(try model.store[name]?.bytes() == layer.bytes(.f32))
    }
    #expect(model.store["lm_head.weight"] == nil)
    let search = try HeadSearch(model)
    #expect(search.findings(config: model.config).isEmpty)
    let readers = HeadReader.all(search, config: model.config)
    #expect(readers.last?.tool == "vLLM Qwen2ForRewardModel" && readers.last?.outcome == .uses)
    // The class says what stands between.
    let back = #expect(throws: GraftError.self) {
      try HeadConversion(input: model.path, output: directory.file("x"), form: .score).run()
    }
    #expect(back?.message.contains("'relu' between them") == true)
  }

  @Test func missingBiasesBecomeZeros() throws {
    let bare = layers.filter { $0.name.hasSuffix("weight") }
    let model = try convert(try model(bare), to: .rewardModel) {
      $0.activation = .relu
      $0.className = "Qwen2"
    }
    #expect(try model.store["score.0.bias"]?.floats() == Array(repeating: 0, count: 8))
    #expect(try model.store["score.2.bias"]?.floats() == [0])
  }

  @Test func otherShapesThanTheClassHasAreRefused() throws {
    let narrow = [
      TensorFixture("score.0.weight", [4, 8]), TensorFixture("score.2.weight", [1, 4]),
    ]
    let error = refusal(try model(narrow), to: .rewardModel) { $0.activation = .relu }
    #expect(error?.message.contains("[4, 8], [1, 4]") == true)
    let single = try model([TensorFixture("value_head.weight", [1, 8])], "single")
    #expect(refusal(single, to: .rewardModel)?.message.contains("the head has one") == true)
  }

  @Test func anAdaptersLayersBecomeOneToo() throws {
    let path = directory.file("adapter")
    try TinyAdapter(head: false).write(to: path)
    try TensorFixture.write(layers, to: "\(path)/value_head.safetensors")
    var conversion = HeadConversion(input: path, output: directory.file("out"), form: .score)
    conversion.activation = HeadActivation.none
    let store = try TensorStore(directory: try conversion.run().output, name: "adapter_model")
    let weight = try #require(store["base_model.model.score.weight"])
    for (found, truth) in zip(try weight.floats(), product(layers).weight) {
      #expect(abs(found - truth) <= 2 * truth.ulp)
    }
  }
}
