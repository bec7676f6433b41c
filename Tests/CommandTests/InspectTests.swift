import Diagnostics
import FileIO
import StrictJSON
import TestSupport
import Testing

@Suite(.enabled(if: GraftCommand.isPresent, "needs the built program")) struct InspectTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
    try TinyLlama().write(to: directory.file("base"))
    try TinyLlama(labels: 1).write(to: directory.file("reward"))
    try TinyAdapter().write(to: directory.file("adapter"))
  }

  private func inspect(_ names: String...) throws -> GraftCommand.Result {
    try GraftCommand.run(["inspect"] + names.map(directory.file))
  }

  @Test func aCausalModelIsCalledThat() throws {
    let result = try inspect("base")
    #expect(result.code == 0)
    #expect(result.output.contains("causal model, no reward head"))
    #expect(!result.output.contains("\u{1B}"))
    #expect(result.errors.isEmpty)
  }

  @Test func weightFilesAreCheckedEvenWithoutAConfiguration() throws {
    try TinyLlama().write(to: directory.file("cut"))
    try writeFileAtomically(directory.file("cut/config.json"), "{")
    try writeFileAtomically(directory.file("cut/model.safetensors"), "short")
    let result = try inspect("cut")
    #expect(result.code == 3)
    #expect(result.output.contains("cut/config.json"))
    #expect(result.output.contains("cut/model.safetensors: "))
  }

  @Test func baseAndAdapterTogetherFit() throws {
    let result = try inspect("base", "adapter")
    #expect(result.code == 0)
    #expect(result.output.contains("fits: 4 weights to update, and score.weight taken whole"))
  }

  @Test func anAdapterOfAnotherBaseDoesNotFit() throws {
    var other = TinyAdapter()
    other.rename { $0.replacing("layers.1", with: "layers.4") }
    try other.write(to: directory.file("other"))
    #expect(try inspect("other").code == 0)
    let result = try inspect("base", "other")
    #expect(result.code == 1)
    #expect(result.output.contains("model.layers.4.self_attn.q_proj.weight"))
  }

  @Test func problemsComeFirstAndSetTheExitCode() throws {
    var model = TinyLlama(labels: 1)
    model.tensors.removeLast()
    try model.write(to: directory.file("headless"))
    let result = try inspect("headless")
    #expect(result.code == 1)
    let problem = try #require(result.output.firstRange(of: "problem:"))
    let kind = try #require(result.output.firstRange(of: "architecture"))
    #expect(problem.lowerBound < kind.lowerBound)
  }

  @Test func whatCannotBeReadIsReportedBesideTheRest() throws {
    let result = try inspect("base", "nowhere")
    #expect(result.code == 3)
    #expect(result.output.contains("causal model"))
    #expect(result.output.contains("no such file or directory"))
  }

  @Test func anUntrainedAdapterIsAWarning() throws {
    var adapter = TinyAdapter()
    for i in adapter.tensors.indices where adapter.tensors[i].name.contains("lora_B") {
      adapter.tensors[i].values = adapter.tensors[i].values.map { _ in 0 }
    }
    try adapter.write(to: directory.file("untrained"))
    let result = try inspect("untrained")
    #expect(result.code == 0)
    #expect(result.output.contains("warning:"))
    #expect(result.output.contains("changes nothing"))
  }

  @Test func jsonCarriesTheSameFacts() throws {
    let result = try GraftCommand.run(
      ["inspect", "--json"] + ["reward", "adapter"].map(directory.file))
    #expect(result.code == 0)
    let report = try JSONValue.parse(result.output)
    let directories = try #require(report["inputs"]?.array)
    #expect(directories[0]["kind"] == "reward")
    #expect(directories[0]["heads"]?.array?.first?["tensor"] == "score.weight")
    #expect(directories[0]["findings"]?.array?.first?["code"] == "no-padding")
    #expect(directories[1]["kind"] == "adapter")
    #expect(directories[1]["scales"] == [2.0])
  }

  @Test(
    .enabled(if: Shared.isPresent, "needs ../shared"),
    arguments: [
      ("base_llama_f32", 0), ("base_llama_sharded_f32", 0), ("base_llama_tied_bf16", 0),
      ("rm_full", 0), ("rm_missing_head", 1), ("rm_wrong_labels_cfg1_w2", 1),
      ("rm_head_value_head", 1), ("lora_plain_llama/adapter", 0), ("lora_dora/adapter", 0),
      ("bad_shard_missing", 3), ("bad_index_json", 3), ("bad_index_ghost_tensor", 3),
      ("bad_st_truncated_data", 3), ("bad_html_page", 3), ("bad_empty_adapter_40bytes", 3),
      ("openrlhf_rm_lora_qv", 1), ("lf_rm_lora/output", 0), ("bad_values_nan", 1),
      ("evil_pickle_adapter_bin", 3), ("ds_z3_lora_bf16/broken_save_pretrained", 1),
    ])
  func realDirectories(name: String, code: Int32) throws {
    let result = try GraftCommand.run(["inspect", Shared.zoo(name)])
    #expect(result.code == code, "\(result.output)")
  }
}
