import Checkpoint
import Diagnostics
import FileIO
import Heads
import StrictJSON
import TensorCore
import TestSupport
import Testing

@Suite struct HeadConversionTests {
  private let directory: TemporaryDirectory
  private let weight = TensorFixture("v_head.summary.weight", [1, 8], seed: 3)
  private let bias = TensorFixture("v_head.summary.bias", [1], [0.1])

  init() throws { directory = try TemporaryDirectory() }

  /// A causal model with value_head.safetensors beside it.
  private func valueHeadModel(bias: Float? = 0.1) throws -> String {
    let path = directory.file("v_head")
    removeTree(path)
    try TinyLlama().write(to: path)
    try writeFileAtomically("\(path)/tokenizer.json", "{}")
    let tensors = [weight] + (bias.map { [TensorFixture("v_head.summary.bias", [1], [$0])] } ?? [])
    try TensorFixture.write(tensors, to: "\(path)/value_head.safetensors")
    return path
  }

  private func convert(
    _ input: String, to form: HeadForm, _ name: String? = nil,
    _ change: (inout HeadConversion) -> Void = { _ in }
  ) throws -> String {
    var conversion = HeadConversion(
      input: input, output: directory.file(name ?? "to-\(form.rawValue)"), form: form)
    change(&conversion)
    return try conversion.run().output
  }

  private func bytes(_ path: String, _ name: String, stem: String = "model") throws -> [UInt8] {
    let store = try TensorStore(directory: path, name: stem)
    return try #require(store[name]).bytes()
  }

  @Test func aValueHeadBecomesAScoreWithADeclaredOffset() throws {
    let score = try convert(try valueHeadModel(), to: .score)
    let model = try ModelDirectory(score)
    #expect(try bytes(score, "score.weight") == weight.bytes(.f32))
    #expect(model.config.architectures == ["LlamaForSequenceClassification"])
    #expect(model.config.json["id2label"] == ["0": "LABEL_0"])
    #expect(try model.config.headDeclaration.offset == [Double(Float(0.1))])
    #expect(model.store["lm_head.weight"] == nil)
    #expect(!fileExists("\(score)/value_head.safetensors"))
    #expect(fileExists("\(score)/tokenizer.json"))
    #expect(try HeadSearch(model).findings(config: model.config).isEmpty)
    _ = try model.resolve(as: .sequenceClassifier(labels: 1))
    let record = try JSONValue.parse(try readFile("\(score)/graft.json"), file: "graft.json")
    #expect(record["command"] == "head convert")
    #expect(record["ledger"]?["tensors"]?["score.weight"]?["from"] != nil)
  }

  @Test(arguments: [HeadForm.score, .tokenClassifier, .openRLHF, .oldOpenRLHF, .trl])
  func theWayThereAndBackIsExact(form: HeadForm) throws {
    let start = try valueHeadModel()
    let there = try convert(start, to: form) { $0.keepsOutputMatrix = true }
    let back = try convert(there, to: .valueHead)
    let expected = try TensorStore(directory: start)
    let found = try TensorStore(directory: back)
    #expect(found.names == expected.names)
    for name in expected.names { #expect(try found[name]?.bytes() == expected[name]?.bytes()) }
    #expect(try bytes(back, "v_head.summary.weight", stem: "value_head") == weight.bytes(.f32))
    #expect(try bytes(back, "v_head.summary.bias", stem: "value_head") == bias.bytes(.f32))
    let config = try ModelConfig(directory: back)
    #expect(config.architectures == ["LlamaForCausalLM"])
    #expect(try config.headDeclaration == HeadDeclaration())
    #expect(config.json["value_head_prefix"] == nil)
  }

  @Test(arguments: [HeadForm.valueHead, .tokenClassifier, .openRLHF, .oldOpenRLHF, .trl])
  func aScoreWithoutBiasComesBackWithoutOne(form: HeadForm) throws {
    let start = directory.file("score")
    var model = TinyLlama(labels: 1)
    model.tensors.append(TensorFixture("lm_head.weight", [16, 8]))
    try model.write(to: start)
    let there = try convert(start, to: form) { $0.keepsOutputMatrix = true }
    let back = try convert(there, to: .score)
    #expect(try bytes(back, "score.weight") == bytes(start, "score.weight"))
    #expect(try TensorStore(directory: back)["score.bias"] == nil)
    #expect(try ModelConfig(directory: back).headDeclaration == HeadDeclaration())
  }

  @Test func openRLHFIsToldTheName() throws {
    let path = try convert(try valueHeadModel(), to: .oldOpenRLHF)
    #expect(try ModelConfig(directory: path).json["value_head_prefix"] == "value_head")
    #expect(try bytes(path, "value_head.weight") == weight.bytes(.f32))
  }

  @Test func labelsKeepTheirNames() throws {
    var model = TinyLlama(labels: 2)
    try model.config.set("id2label", #"{"0": "bad", "1": "good"}"#)
    try model.write(to: directory.file("two"))
    let path = try convert(directory.file("two"), to: .tokenClassifier)
    let config = try ModelConfig(directory: path)
    #expect(config.json["id2label"] == ["0": "bad", "1": "good"])
    #expect(config.architectures == ["LlamaForTokenClassification"])
    let error = #expect(throws: GraftError.self) { try convert(path, to: .valueHead) }
    #expect(error?.message.contains("the head has 2") == true)
  }

  @Test func aBiasIsRefusedWhenItMayNotBeDeclared() throws {
    let start = try valueHeadModel()
    let error = #expect(throws: GraftError.self) {
      try convert(start, to: .score) { $0.allowsOffset = false }
    }
    #expect(error?.tensor == "v_head.summary.bias")
    #expect(!directoryExists(directory.file("to-score")))
    let zero = try valueHeadModel(bias: 0)
    let path = try convert(zero, to: .score) { $0.allowsOffset = false }
    #expect(try ModelConfig(directory: path).headDeclaration == HeadDeclaration())
  }

  @Test func aClassifierWithoutOutputMatrixNeedsOne() throws {
    try TinyLlama(labels: 1).write(to: directory.file("score"))
    try TinyLlama().write(to: directory.file("base"))
    let error = #expect(throws: GraftError.self) {
      try convert(directory.file("score"), to: .valueHead)
    }
    #expect(error?.remedy?.contains("--lm-head-from") == true)
    let path = try convert(directory.file("score"), to: .valueHead) {
      $0.outputMatrixFrom = directory.file("base")
    }
    #expect(try bytes(path, "lm_head.weight") == bytes(directory.file("base"), "lm_head.weight"))
  }

  @Test func normalisationIsCarriedOrTakenIntoTheHead() throws {
    var model = TinyLlama(labels: 1)
    try model.config.set("mean", "0.5")
    try model.config.set("std", "2.0")
    try model.config.set("normalize_reward", "true")
    try model.config.set("value_head_prefix", #""score""#)
    try model.write(to: directory.file("rlhf"))
    let carried = try convert(directory.file("rlhf"), to: .score, "carried")
    #expect(
      try RewardNormalization(ModelConfig(directory: carried))
        == RewardNormalization(mean: 0.5, deviation: 2, isActive: true))
    let folded = try convert(directory.file("rlhf"), to: .score, "folded") {
      $0.foldsNormalization = true
    }
    let config = try ModelConfig(directory: folded)
    #expect(try RewardNormalization(config) == nil)
    #expect(try config.headDeclaration.offset == [-0.25])
    let old = try #require(try TensorStore(directory: carried)["score.weight"]).floats()
    let new = try #require(try TensorStore(directory: folded)["score.weight"]).floats()
    #expect(new == old.map { $0 / 2 })
  }

  @Test func wrappersAreTakenOff() throws {
    var model = TinyLlama()
    model.tensors = model.tensors.map {
      TensorFixture("pretrained_model.\($0.name)", $0.shape, $0.values)
    }
    model.tensors += [weight, bias]
    try model.write(to: directory.file("trl"))
    let path = try convert(directory.file("trl"), to: .score)
    let opened = try ModelDirectory(path)
    _ = try opened.resolve(as: .sequenceClassifier(labels: 1))
    #expect(try bytes(path, "score.weight") == weight.bytes(.f32))
  }

  @Test func severalLayersAreNotMadeOne() throws {
    var model = TinyLlama(labels: 1)
    model.tensors.removeLast()
    model.tensors += [
      TensorFixture("score.0.weight", [8, 8]), TensorFixture("score.2.weight", [1, 8]),
    ]
    try model.write(to: directory.file("stacked"))
    let error = #expect(throws: GraftError.self) {
      try convert(directory.file("stacked"), to: .valueHead)
    }
    #expect(error?.message.contains("layers") == true)
    let renaming = HeadRenaming(
      input: directory.file("stacked"), output: directory.file("renamed"), from: "score",
      to: "reward_head")
    let store = try TensorStore(directory: try renaming.run().output)
    #expect(store["reward_head.0.weight"] != nil)
    #expect(store["reward_head.2.weight"] != nil)
    #expect(store["score.0.weight"] == nil)
  }

  // MARK: - Adapters

  @Test func anAdaptersHeadMovesOutAndBack() throws {
    let start = directory.file("adapter")
    try TinyAdapter().write(to: start)
    let beside = try convert(start, to: .valueHead)
    #expect(
      try bytes(beside, "v_head.summary.weight", stem: "value_head")
        == bytes(start, "base_model.model.score.weight", stem: "adapter_model"))
    let config = try JSONValue.parse(
      try readFile("\(beside)/adapter_config.json"), file: "adapter_config.json")
    #expect(config["modules_to_save"] == .null)
    #expect(config["task_type"] == "CAUSAL_LM")
    let back = try convert(beside, to: .score)
    let (old, new) = (
      try TensorStore(directory: start, name: "adapter_model"),
      try TensorStore(directory: back, name: "adapter_model")
    )
    #expect(old.names == new.names)
    for name in old.names { #expect(try old[name]?.bytes() == new[name]?.bytes()) }
    let restored = try JSONValue.parse(
      try readFile("\(back)/adapter_config.json"), file: "adapter_config.json")
    #expect(restored["modules_to_save"] == ["score"])
    #expect(restored["task_type"] == "SEQ_CLS")
  }

  @Test func anAdapterIsNoOpenRLHFModel() throws {
    try TinyAdapter().write(to: directory.file("adapter"))
    let error = #expect(throws: GraftError.self) {
      try convert(directory.file("adapter"), to: .openRLHF)
    }
    #expect(error?.message.contains("merge the adapter first") == true)
  }

  // MARK: - New heads and names

  @Test func aNewHeadIsDrawnAsTransformersDoesAndMarked() throws {
    try TinyLlama(dtype: .bf16).write(to: directory.file("base"))
    func start(_ name: String, seed: UInt64) throws -> String {
      try convert(directory.file("base"), to: .score, name) {
        $0.newLabels = 3
        $0.seed = seed
      }
    }
    let first = try start("first", seed: 7)
    let model = try ModelDirectory(first)
    let head = try HeadSearch(model).choose()
    #expect(head.weight.spec.shape == [3, 8])
    #expect(head.weight.spec.dtype == .bf16)
    #expect(model.config.labelCount == 3)
    #expect(
      try model.config.headDeclaration.fresh
        == HeadDeclaration.Fresh(deviation: 0.02, seed: 7))
    #expect(HeadSearch.check(head, config: model.config).isEmpty)
    guard case .fresh = try HeadStatistics(head).verdict else {
      Issue.record("a fresh head does not look fresh")
      return
    }
    #expect(try bytes(first, "score.weight") == bytes(start("again", seed: 7), "score.weight"))
    #expect(try bytes(first, "score.weight") != bytes(start("other", seed: 8), "score.weight"))
  }

  @Test(arguments: ["score.weight", "v_head.summary.weight", "value_head.0.weight"])
  func aHeadIsNeverDrawnAnew(name: String) throws {
    var model = TinyLlama()
    model.tensors.append(TensorFixture(name, [1, 8]))
    try model.write(to: directory.file("model"))
    let error = #expect(throws: GraftError.self) {
      try convert(directory.file("model"), to: .score) { $0.newLabels = 1 }
    }
    #expect(error?.code == .headExists)
  }

  @Test func aFreshHeadStaysFreshInAnotherForm() throws {
    try TinyLlama().write(to: directory.file("base"))
    let score = try convert(directory.file("base"), to: .score) { $0.newLabels = 1 }
    let path = try convert(score, to: .tokenClassifier)
    #expect(try ModelConfig(directory: path).headDeclaration.fresh != nil)
  }

  @Test func renamingChangesTheNameOnly() throws {
    var model = TinyLlama(labels: 1)
    try model.config.set("value_head_prefix", #""score""#)
    try model.write(to: directory.file("model"))
    let renaming = HeadRenaming(
      input: directory.file("model"), output: directory.file("renamed"), from: "score",
      to: "my.head")
    let path = try renaming.run().output
    #expect(try bytes(path, "my.head.weight") == bytes(directory.file("model"), "score.weight"))
    #expect(try ModelConfig(directory: path).json["value_head_prefix"] == "my.head")
    for (from, to, code) in [
      ("v_head", "score", GraftError.Code.headMissing), ("score", "a..", .headName),
    ] {
      let error = #expect(throws: GraftError.self) {
        try HeadRenaming(
          input: directory.file("model"), output: directory.file("no"), from: from, to: to
        ).run()
      }
      #expect(error?.code == code)
    }
  }
}
