import Diagnostics
import FileIO
import StrictJSON
import TestSupport
import Testing

@Suite(.enabled(if: GraftCommand.isPresent, "needs the built program")) struct HeadConvertTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  @discardableResult
  private func head(_ arguments: String...) throws -> String {
    let result = try GraftCommand.run(["head"] + arguments)
    #expect(result.code == 0, "\(result.errors)")
    return result.output
  }

  @Test func convertRenameAndInitWriteDirectories() throws {
    let base = directory.file("base")
    try TinyLlama().write(to: base)
    let started = try head("init", base, "--labels", "1", "--seed", "5", "-o", "\(base)-score")
    #expect(started.contains("started:"))
    try head("convert", "\(base)-score", "--to", "token-classifier", "-o", "\(base)-token")
    try head("rename", "\(base)-token", "score", "scorer", "-o", "\(base)-scorer")
    let shown = try GraftCommand.run([
      "head", "show", "--json", "--head-name", "scorer", "\(base)-scorer",
    ])
    let report = try JSONValue.parse(shown.output)
    #expect(report["heads"]?.array?.first?["module"] == "scorer")
    #expect(report["declaration"]?["fresh"]?["seed"] == 5)
    let again = try GraftCommand.run(
      ["head", "init", "\(base)-score", "--labels", "1", "-o", "\(base)-again"])
    #expect(again.code == 3)
    #expect(again.errors.contains("no head is ever overwritten"))
    let wrong = try GraftCommand.run(["head", "convert", base, "--to", "nothing", "-o", "x"])
    #expect(wrong.code == 2)
  }

  @Test(.enabled(if: PeersPython.isPresent, "needs the peers"))
  func headsThatTorchSavedAreFound() throws {
    let base = directory.file("base")
    try TinyLlama().write(to: base)
    try TinyAdapter(head: false).write(to: directory.file("adapter"))
    let script = """
      import sys, torch
      head = {"v_head.summary.weight": torch.arange(8.0).reshape(1, 8),
              "v_head.summary.bias": torch.tensor([0.25])}
      for path in sys.argv[1:]:
          torch.save(head, path)
      """
    // LLaMA-Factory's older files, and what TRL writes beside an adapter.
    for file in ["base/value_head.bin", "adapter/pytorch_model.bin"] {
      try PeersPython.run(["-c", script, directory.file(file)])
    }
    for name in ["base", "adapter"] {
      let output = directory.file("\(name)-score")
      try head("convert", directory.file(name), "--to", "score", "-o", output)
      let shown = try GraftCommand.run(["head", "show", "--json", output])
      let report = try JSONValue.parse(shown.output)
      #expect(report["heads"]?.array?.first?["largest"] == 7.0)
      #expect(report["heads"]?.array?.count == 1)
      #expect(report["declaration"]?["offset"] == [0.25])
      #expect(!fileExists("\(output)/value_head.bin"))
      #expect(!fileExists("\(output)/pytorch_model.bin"))
    }
    removeTree(directory.file("base/value_head.bin"))
    let merged = directory.file("merged")
    let result = try GraftCommand.run(["merge", base, directory.file("adapter"), "-o", merged])
    #expect(result.code == 0, "\(result.errors)")
    #expect(fileExists("\(merged)/value_head.safetensors"))
    #expect(!fileExists("\(merged)/pytorch_model.bin"))
    #expect(
      try GraftCommand.run(["verify", base, merged, directory.file("adapter")]).code == 0)
    let file = try GraftCommand.run(
      ["inspect", "--json", directory.file("adapter/pytorch_model.bin")])
    #expect(file.code == 0)
    #expect(try JSONValue.parse(file.output)["inputs"]?.array?.first?["format"] == "torch")
  }

  /// One conversion whose output a real tool is to score.
  private struct Case {
    var input: String
    var form: String
    var reader: String
    var more: [String] = []
    /// Added to the reader's rewards: what config.json declares and the reader does not know.
    var addsOffset = false
  }

  @Test(.enabled(if: Shared.isPresent && PeersPython.isPresent, "needs ../shared and the peers"))
  func realToolsGiveTheSameRewards() throws {
    let base = Shared.zoo("base_llama_f32")
    let cases = [
      Case(input: "rm_head_v_head_summary", form: "score", reader: "classifier", addsOffset: true),
      Case(input: "rm_head_v_head_summary", form: "token-classifier", reader: "token-classifier"),
      Case(
        input: "rm_head_v_head_summary", form: "v_head", reader: "v_head",
        more: ["--lm-head-from", base]),
      Case(input: "rm_head_value_head", form: "score", reader: "classifier"),
      Case(input: "rm_full", form: "v_head", reader: "v_head", more: ["--lm-head-from", base]),
      Case(input: "rm_full", form: "token-classifier", reader: "token-classifier"),
      Case(input: "rm_full_labels2", form: "token-classifier", reader: "token-classifier"),
      Case(input: "rm_head_regression_head5", form: "score", reader: "classifier"),
      Case(input: "openrlhf_rm_score", form: "score", reader: "classifier"),
      Case(input: "lf_rm_lora/export", form: "score", reader: "classifier", addsOffset: true),
      Case(input: "lf_rm_lora/export", form: "token-classifier", reader: "token-classifier"),
    ]
    var jobs: [JSONValue] = []
    var expected: [[[Double]]] = []
    var prompts = JSONValue.null
    for (i, one) in cases.enumerated() {
      let output = directory.file("\(i)")
      try head(
        ["convert", Shared.zoo(one.input), "--to", one.form, "-o", output] + one.more)
      jobs.append(["form": .string(one.reader), "directory": .string(output)])
      let name = String(one.input.prefix { $0 != "/" })
      let file = Shared.zoo(name) + "/expected.json"
      let truth = try JSONValue.parse(try readFile(file), file: file)
      prompts = truth["prompts"] ?? .null
      let config = try JSONValue.parse(try readFile("\(output)/config.json"), file: "config.json")
      let offset =
        one.addsOffset
        ? config["graft_head"]?["offset"]?.array?.first?.double ?? .nan : 0
      expected.append(
        (truth["rewards_f32"]?.array ?? []).map { row in
          (row.array ?? []).map { ($0.double ?? .nan) - offset }
        })
    }
    let request = try directory.write(
      Array((["prompts": prompts, "jobs": .array(jobs)] as JSONValue).text().utf8),
      to: "jobs.json")
    let printed = try PeersPython.run([PeersPython.script("rewards.py"), request])
    let answers = try #require(
      try JSONValue.parse(String(printed.split(separator: "\n").last ?? "")).array)
    for (i, answer) in answers.enumerated() {
      let what = "\(cases[i].input) as \(cases[i].form)"
      #expect(answer["missing"] == [], "\(what)")
      #expect(answer["unexpected"] == [], "\(what)")
      let rewards = (answer["rewards"]?.array ?? []).map { $0.array?.compactMap(\.double) ?? [] }
      #expect(rewards.count == 4, "\(what)")
      #expect(!expected[i].isEmpty, "\(what)")
      for (found, truth) in zip(rewards, expected[i]) {
        #expect(found.count == truth.count, "\(what)")
        for (a, b) in zip(found, truth) { #expect(abs(a - b) < 1e-5, "\(what)") }
      }
    }
  }

  /// A head of two layers: with a ReLU in the class that Qwen has for it, without one in a
  /// classifier of transformers.
  @Test(.enabled(if: PeersPython.isPresent, "needs the peers"))
  func layersGiveTheSameRewards() throws {
    let make = """
      import sys, torch
      from safetensors.torch import save_file
      from transformers import Qwen2Config, Qwen2Model
      torch.manual_seed(3)
      config = Qwen2Config(hidden_size=32, intermediate_size=48, num_hidden_layers=2,
                           num_attention_heads=4, num_key_value_heads=2, vocab_size=96)
      config.architectures = ["Qwen2ForCausalLM"]
      config.save_pretrained(sys.argv[1])
      body = Qwen2Model(config).eval()
      head = {f"v_head.summary.{k}.{n}": torch.randn(s) for k, n, s in (
          (0, "weight", (32, 32)), (0, "bias", (32,)), (2, "weight", (1, 32)), (2, "bias", (1,)))}
      state = {f"model.{k}": v for k, v in body.state_dict().items()}
      save_file({**state, **head}, f"{sys.argv[1]}/model.safetensors")
      """
    let compare = """
      import json, sys, torch
      from safetensors.torch import load_file
      from torch import nn
      from transformers import AutoConfig, AutoModelForSequenceClassification, Qwen2Model
      start, stacked, folded = sys.argv[1:]
      ids = torch.tensor([[5, 6, 7, 80, 90]])
      class RewardModel(nn.Module):
          def __init__(self, config):
              super().__init__()
              size = config.hidden_size
              self.model = Qwen2Model(config)
              self.score = nn.Sequential(
                  nn.Linear(size, size), nn.ReLU(), nn.Linear(size, config.num_labels))
          def forward(self, ids):
              return self.score(self.model(ids).last_hidden_state)[0, -1]
      state = load_file(f"{start}/model.safetensors")
      config = AutoConfig.from_pretrained(stacked)
      model = RewardModel(config).eval()
      model.load_state_dict(load_file(f"{stacked}/model.safetensors"), strict=True)
      with torch.no_grad():
          hidden = model.model(ids).last_hidden_state[0, -1]
          w = [state[f"v_head.summary.{k}.weight"] for k in (0, 2)]
          b = [state[f"v_head.summary.{k}.bias"] for k in (0, 2)]
          inner = w[0] @ hidden + b[0]
          assert torch.allclose(w[1] @ inner.relu() + b[1], model(ids), atol=1e-5)
          plain, info = AutoModelForSequenceClassification.from_pretrained(
              folded, output_loading_info=True)
          assert not info["missing_keys"] and not info["unexpected_keys"], info
          plain.config.pad_token_id = 0
          offset = json.load(open(f"{folded}/config.json"))["graft_head"]["offset"][0]
          reward = plain.eval()(ids).logits[0] + offset
          assert torch.allclose(w[1] @ inner + b[1], reward, atol=1e-4), reward
      print(config.architectures[0])
      """
    let (start, stacked, folded) = (
      directory.file("start"), directory.file("stacked"), directory.file("folded")
    )
    try PeersPython.run(["-c", make, start])
    let inspected = try GraftCommand.run(["inspect", start])
    #expect(inspected.code == 1)
    #expect(inspected.output.contains("in a language model without lm_head.weight"))
    #expect(!inspected.output.contains("missing"))
    try head(["convert", start, "--to", "reward-model", "--activation", "relu", "-o", stacked])
    try head(["convert", start, "--to", "score", "--activation", "none", "-o", folded])
    let printed = try PeersPython.run(["-c", compare, start, stacked, folded])
    #expect(printed.contains("Qwen2ForRewardModel"))
    for output in [stacked, folded] {
      #expect(try GraftCommand.run(["inspect", output]).code == 0)
    }
  }

  private func head(_ arguments: [String]) throws {
    let result = try GraftCommand.run(["head"] + arguments)
    #expect(result.code == 0, "\(arguments) \(result.errors)")
  }
}
