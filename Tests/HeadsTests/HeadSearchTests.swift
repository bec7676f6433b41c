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
    return (try HeadSearch(path, store: opened.store), opened.config)
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
    let error = #expect(throws: GraftError.self) { try search.require() }
    #expect(error?.code == .headMissing)
    #expect(error?.remedy?.contains("graft train") == true)
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

  @Test func aHeadOfSeveralLayersIsNamed() throws {
    var model = TinyLlama(labels: 1)
    model.tensors[model.tensors.count - 1] = TensorFixture("score.0.weight", [8, 8])
    let (search, config) = try search(model)
    #expect(search.findings(config: config).map(\.detail.code) == [.headUnsupported])
  }

  @Test func aHeadInASideFileIsFound() throws {
    let path = directory.file("model")
    try TinyLlama().write(to: path)
    try TensorFixture.write(
      [TensorFixture("v_head.summary.weight", [1, 8]), TensorFixture("v_head.summary.bias", [1])],
      to: "\(path)/value_head.safetensors")
    let model = try ModelDirectory(path)
    let search = try HeadSearch(path, store: model.store)
    #expect(search.heads.first?.kind.module == "v_head.summary")
    #expect(search.heads.first?.bias != nil)
    #expect(search.findings(config: model.config).map(\.severity) == [.warning])
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
    let search = try HeadSearch(model.path, store: model.store)
    #expect(search.findings(config: model.config).map(\.detail.code) == codes)
  }
}
