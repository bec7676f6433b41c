import FileIO
import StrictJSON
import TestSupport
import Testing

/// Reward adapters as the tools write them: merged, and scored by transformers; or refused.
@Suite(.enabled(if: GraftCommand.isPresent && Shared.isPresent, "needs ../shared"))
struct HeadMergeTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func truth(_ name: String) throws -> JSONValue {
    let file = Shared.zoo(name) + "/expected.json"
    return try JSONValue.parse(try readFile(file), file: file)
  }

  private func merge(_ name: String, _ adapter: String, _ more: [String]) throws
    -> GraftCommand.Result
  {
    let base = try truth(name)["base"]?.string ?? ""
    return try GraftCommand.run(
      ["merge", Shared.zoo(base), "\(Shared.zoo(name))\(adapter)"] + more)
  }

  @Test(arguments: [
    ("rm_peft_score_dropped", "/adapter", "its weights are not in the file"),
    ("rm_score_lora_no_mts", "/adapter", "was never saved"),
    ("rm_score_all_linear_no_tasktype", "/adapter", "was never saved"),
    ("rm_peft_no_score_no_tasktype", "/adapter", "was not saved"),
    ("openrlhf_rm_lora_qv", "", "was never saved"),
  ])
  func lostHeadsAreRefused(name: String, adapter: String, reason: String) throws {
    let result = try merge(name, adapter, ["-o", directory.file("out")])
    #expect(result.code == 1 || result.code == 3)
    #expect(result.errors.contains(reason), "\(result.errors)")
    #expect(!directoryExists(directory.file("out")))
  }

  @Test(.enabled(if: PeersPython.isPresent, "needs the peers"))
  func transformersGivesTheTrainedRewards() throws {
    let cases: [(name: String, adapter: String, more: [String], form: String, key: String)] = [
      ("rm_peft_seqcls", "/adapter", [], "classifier", "rewards_f32"),
      ("rm_num_labels2", "/adapter", [], "classifier", "rewards_f32"),
      ("rm_score_lora_seqcls", "/adapter", [], "classifier", "rewards_f32"),
      ("rm_causallm_tasktype", "/adapter", [], "classifier", "rewards_at_training_time_f32"),
      ("lf_rm_lora", "/output", [], "v_head", "rewards_f32"),
      ("lf_rm_lora", "/output", ["--head", "score"], "classifier", "rewards_f32"),
    ]
    var jobs: [JSONValue] = []
    var expected: [[[Double]]] = []
    for (i, one) in cases.enumerated() {
      let output = directory.file("\(i)")
      let result = try merge(one.name, one.adapter, one.more + ["-o", output])
      #expect(result.code == 0, "\(result.errors)")
      let config = try JSONValue.parse(try readFile("\(output)/config.json"), file: "config.json")
      let offset = config["graft_head"]?["offset"]?.array?.first?.double ?? 0
      #expect((offset != 0) == !one.more.isEmpty)
      jobs.append(["form": .string(one.form), "directory": .string(output)])
      expected.append(
        (try truth(one.name)[one.key]?.array ?? []).map { row in
          (row.array ?? []).map { ($0.double ?? .nan) - offset }
        })
    }
    let prompts = try truth("rm_peft_seqcls")["prompts"] ?? .null
    let request: JSONValue = ["prompts": prompts, "jobs": .array(jobs)]
    let file = try directory.write(Array(request.text().utf8), to: "jobs.json")
    let printed = try PeersPython.run([PeersPython.script("rewards.py"), file])
    let answers = try #require(
      try JSONValue.parse(String(printed.split(separator: "\n").last ?? "")).array)
    for (i, answer) in answers.enumerated() {
      let what = "\(cases[i].name) \(cases[i].more)"
      #expect(answer["missing"] == [], "\(what)")
      #expect(answer["unexpected"] == [], "\(what)")
      let rewards = (answer["rewards"]?.array ?? []).map { $0.array?.compactMap(\.double) ?? [] }
      #expect(rewards.count == 4 && expected[i].count == 4, "\(what)")
      for (a, b) in zip(rewards.joined(), expected[i].joined()) {
        #expect(abs(a - b) < 1e-5, "\(what)")
      }
    }
  }
}
