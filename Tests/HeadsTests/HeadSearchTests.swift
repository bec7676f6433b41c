import Checkpoint
import Diagnostics
import FileIO
import Heads
import StrictJSON
import TensorCore
import TestSupport
import Testing

@Suite struct HeadSearchTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func search(_ model: TinyLlama) throws -> (HeadSearch, ModelConfig) {
    let path = directory.file("model")
    removeTree(path)
    try model.write(to: path)
    let opened = try ModelDirectory(path)
    return (try HeadSearch(opened), opened.config)
  }

  @Test func theScoreHeadIsFound() throws {
    let (search, config) = try search(TinyLlama(labels: 1))
    #expect(try search.require().labelCount == 1)
    #expect(try search.require().hiddenSize == 8)
    #expect(search.findings(config: config).isEmpty)
  }

  @Test func aCausalModelWithoutHeadIsFine() throws {
    let (search, config) = try search(TinyLlama())
    #expect(search.findings(config: config).isEmpty)
    let error = #expect(throws: GraftError.self) { try search.choose() }
    #expect(error?.code == .headMissing)
    #expect(error?.code.kind == .checkFailed)
    for way in ["name the checkpoint", "graft head init", "as a causal model"] {
      #expect(error?.remedy?.contains(way) == true)
    }
  }

  @Test func aClassifierWithoutHeadIsAProblem() throws {
    var model = TinyLlama(labels: 1)
    model.tensors.removeLast()
    let (search, config) = try search(model)
    #expect(search.findings(config: config).map(\.detail.code) == [.headMissing])
  }

  @Test(arguments: [
    "v_head.summary", "v_head", "value_head", "reward_head", "regression_head",
    "regression_layer", "score_head", "classifier",
  ])
  func headsOfOtherNamesAreNamed(module: String) throws {
    var model = TinyLlama(labels: 1)
    model.tensors[model.tensors.count - 1] = TensorFixture("\(module).weight", [1, 8])
    let (search, config) = try search(model)
    #expect(search.heads.map(\.kind.module) == [module])
    #expect(search.findings(config: config).map(\.detail.code) == [.headUnsupported])
  }

  @Test func aHeadOfSeveralLayersIsOneHead() throws {
    for (module, width) in [("score", 8), ("v_head.summary", 8)] {
      var model = TinyLlama(labels: 1)
      model.tensors.removeLast()
      model.tensors += [
        TensorFixture("\(module).0.weight", [16, width]), TensorFixture("\(module).0.bias", [16]),
        TensorFixture("\(module).2.weight", [1, 16]), TensorFixture("\(module).2.bias", [1]),
      ]
      let (search, config) = try search(model)
      let head = try search.choose()
      #expect(search.heads.count == 1)
      #expect(head.isStacked)
      #expect(head.hiddenSize == width)
      #expect(head.labelCount == 1)
      #expect(head.tensors.count == 4)
      #expect(search.findings(config: config).map(\.detail.code) == [.headUnsupported])
    }
  }

  @Test(arguments: [
    "module.score.weight", "pretrained_model.score.weight", "_orig_mod.module.score.weight",
    "base_model.model.score.weight", "base_model.model.score.modules_to_save.default.weight",
  ])
  func wrappersAreSeenThrough(name: String) throws {
    var model = TinyLlama(labels: 1)
    model.tensors[model.tensors.count - 1] = TensorFixture(name, [1, 8])
    model.tensors.append(TensorFixture("base_model.model.score.original_module.weight", [1, 8]))
    let (search, _) = try search(model)
    let head = try search.choose()
    #expect(head.kind == .score)
    #expect(head.weight.spec.name == name)
    #expect(search.standard == nil)
  }

  @Test func aHeadOfItsOwnNameIsFoundWhenNamed() throws {
    var model = TinyLlama(labels: 1)
    model.tensors[model.tensors.count - 1] = TensorFixture("my.scorer.weight", [1, 8])
    let (unnamed, _) = try search(model)
    #expect(unnamed.heads.isEmpty)
    let path = directory.file("model")
    let named = try HeadSearch(try ModelDirectory(path), names: ["my.scorer"])
    #expect(try named.choose().weight.spec.name == "my.scorer.weight")
  }

  @Test func theNameInTheConfigBeatsTheDefault() throws {
    var model = TinyLlama(labels: 1)
    model.tensors.append(TensorFixture("value_head.weight", [1, 8]))
    let (ambiguous, _) = try search(model)
    #expect(try ambiguous.choose().kind == .score)
    try model.config.set("value_head_prefix", #""value_head""#)
    let (search, _) = try search(model)
    #expect(try search.choose().kind.module == "value_head")
  }

  @Test func severalHeadsWithoutARuleAreAnError() throws {
    var model = TinyLlama(labels: 1)
    model.tensors.removeLast()
    model.tensors += [
      TensorFixture("value_head.weight", [1, 8]), TensorFixture("reward_head.weight", [1, 8]),
    ]
    let (search, _) = try search(model)
    let error = #expect(throws: GraftError.self) { try search.choose() }
    #expect(error?.code == .headAmbiguous)
  }

  @Test func aMissingHeadIsLookedForNearby() throws {
    try TinyAdapter().write(to: directory.file("checkpoint-10"))
    try makeDirectories(directory.file("run"))
    try TensorFixture.write(
      [TensorFixture("v_head.summary.weight", [1, 8])],
      to: directory.file("run/value_head.safetensors"))
    let (search, _) = try search(TinyLlama())
    let error = #expect(throws: GraftError.self) { try search.choose() }
    #expect(error?.remedy?.contains("checkpoint-10/adapter_model.safetensors") == true)
    #expect(error?.remedy?.contains("run/value_head.safetensors") == true)
  }

  @Test func aHeadInASideFileIsFound() throws {
    let path = directory.file("model")
    try TinyLlama().write(to: path)
    try TensorFixture.write(
      [TensorFixture("v_head.summary.weight", [1, 8]), TensorFixture("v_head.summary.bias", [1])],
      to: "\(path)/value_head.safetensors")
    let model = try ModelDirectory(path)
    let search = try HeadSearch(model)
    #expect(search.heads.first?.kind.module == "v_head.summary")
    #expect(search.heads.first?.bias != nil)
    #expect(search.findings(config: model.config).map(\.severity) == [.warning])
  }

  @Test func aHeadThatTorchSavedBesideIsFound() throws {
    let path = directory.file("model")
    try TinyLlama().write(to: path)
    let saved = try readFile(Fixtures.path("torch-archives/value_head.pt"))
    _ = try directory.write(saved, to: "model/value_head.bin")
    let head = try #require(try Head.beside(path).first)
    #expect(head.isBeside && head.kind == .valueHead)
    let truth = try TensorStore(file: Fixtures.path("torch-archives/value_head.safetensors"))
    #expect(try head.weight.bytes() == truth["v_head.summary.weight"]?.bytes())
    #expect(try head.bias?.floats() == [0.25])
    removeTree("\(path)/value_head.bin")
    _ = try directory.write(Array(saved.prefix(200)), to: "model/value_head.bin")
    #expect(throws: GraftError.self) { try Head.beside(path) }
  }

  @Test func oneRowWithoutLabelsInTheConfigIsAProblem() throws {
    var model = TinyLlama(labels: 1)
    try model.config.set("id2label", "null")
    let (search, config) = try search(model)
    let finding = try #require(search.findings(config: config).first?.detail)
    #expect(finding.code == .headMismatch)
    #expect(finding.remedy?.contains(#"{"0": "LABEL_0"}"#) == true)
  }

  @Test func anotherWidthIsAProblem() throws {
    var model = TinyLlama(labels: 1)
    model.tensors[model.tensors.count - 1] = TensorFixture("score.weight", [1, 7])
    let (search, config) = try search(model)
    #expect(search.findings(config: config).map(\.detail.code) == [.headMismatch])
  }

  @Test func writtenConfigurationsDeclareTheLabel() throws {
    let (_, config) = try search(TinyLlama())
    let members = config.classifierMembers(className: "LlamaForSequenceClassification", labels: 1)
    #expect(members["architectures"] == ["LlamaForSequenceClassification"])
    #expect(members["id2label"] == ["0": "LABEL_0"])
    #expect(members["label2id"] == ["LABEL_0": 0])
    #expect(members["hidden_size"] == 8)
  }

  @Test(
    .enabled(if: Shared.isPresent, "needs ../shared"),
    arguments: [
      ("rm_full", []), ("rm_full_labels2", []), ("base_llama_f32", []),
      ("rm_missing_head", [GraftError.Code.headMissing]),
      ("rm_wrong_labels_cfg1_w2", [.headMismatch]),
      ("rm_head_value_head", [.headUnsupported]),
      ("rm_head_v_head_summary", [.headUnsupported]),
      ("rm_head_regression_head5", [.headUnsupported]),
      ("openrlhf_rm_score", [.headMismatch]),
      ("lf_rm_lora/export", [.headUnsupported]),
    ] as [(String, [GraftError.Code])])
  func realModels(name: String, codes: [GraftError.Code]) throws {
    let model = try ModelDirectory(Shared.zoo(name))
    let search = try HeadSearch(model)
    #expect(search.findings(config: model.config).map(\.detail.code) == codes)
  }
}
