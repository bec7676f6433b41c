import FileIO
import StrictJSON
import TestSupport
import Testing

@Suite(.enabled(if: GraftCommand.isPresent, "needs the built program")) struct HeadShowTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func show(_ path: String, _ more: [String] = []) throws -> (Int32, JSONValue) {
    let result = try GraftCommand.run(["head", "show", "--json", path] + more)
    return (result.code, try JSONValue.parse(result.output))
  }

  private func outcomes(_ report: JSONValue) -> [String] {
    (report["readers"]?.array ?? []).compactMap { $0["outcome"]?.string }
  }

  @Test func aSequenceClassifierIsReadByTransformersOnly() throws {
    let path = directory.file("model")
    try TinyLlama(labels: 1).write(to: path)
    let (code, report) = try show(path)
    #expect(code == 0)
    #expect(report["heads"]?.array?.first?["module"] == "score")
    #expect(outcomes(report) == ["uses", "uses", "random", "uses", "random"])
  }

  @Test func aValueHeadBesideIsReadByLLaMAFactoryOnly() throws {
    let path = directory.file("model")
    try TinyLlama().write(to: path)
    try TensorFixture.write(
      [TensorFixture("v_head.summary.weight", [1, 8]), TensorFixture("v_head.summary.bias", [1])],
      to: "\(path)/value_head.safetensors")
    let (code, report) = try show(path)
    #expect(code == 0)
    #expect(report["heads"]?.array?.first?["beside"] == true)
    #expect(outcomes(report) == ["random", "random", "random", "random", "uses"])
  }

  @Test func noHeadIsAProblemWithThreeWaysOut() throws {
    let path = directory.file("model")
    try TinyLlama().write(to: path)
    let result = try GraftCommand.run(["head", "show", path])
    #expect(result.code == 1)
    #expect(result.output.contains("Three ways out"))
  }

  @Test(
    .enabled(if: Shared.isPresent, "needs ../shared"),
    arguments: [
      ("rm_full", 0, "score", "uses uses random uses random"),
      ("rm_missing_head", 1, nil, "random random random random random"),
      ("rm_head_v_head_summary", 0, "v_head.summary", "random random uses random random"),
      ("rm_head_value_head", 0, "value_head", "random random random random random"),
      ("rm_wrong_labels_cfg1_w2", 1, "score", "refuses refuses random refuses random"),
      ("openrlhf_rm_score", 1, "score", "refuses refuses random uses random"),
      ("openrlhf_rm_lora_qv", 1, nil, "random random random"),
      ("lf_rm_lora/output", 0, "v_head.summary", "random random uses"),
      ("lf_rm_lora/export", 0, "v_head.summary", "random random random random uses"),
      ("rm_peft_seqcls/adapter", 0, "score", "uses random random"),
      ("rm_causallm_tasktype/adapter", 0, "score", "uses random random"),
    ] as [(String, Int32, String?, String)])
  func realHeads(name: String, code: Int32, module: String?, expected: String) throws {
    let (found, report) = try show(Shared.zoo(name))
    #expect(found == code)
    #expect(report["heads"]?.array?.first?["module"]?.string == module)
    #expect(outcomes(report).joined(separator: " ") == expected)
  }
}
