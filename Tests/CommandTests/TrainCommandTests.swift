import FileIO
import Glibc
import StrictJSON
import TestSupport
import Testing

/// `graft train` and `graft score` as a user runs them, on a tiny model.
@Suite(.enabled(if: bothAreBuilt, "needs both built programs"), .serialized)
struct TrainCommandTests {
  private let directory: TemporaryDirectory
  private let config: String

  init() throws {
    directory = try TemporaryDirectory()
    try TinyModel.write(to: directory.file("model"))
    try TinyModel.writePairs(to: directory.file("data"), count: 32)
    config = try directory.write(
      Array(
        """
        model_name_or_path: \(directory.file("model"))
        stage: rm
        dataset: pairs
        eval_dataset: held_out
        dataset_dir: \(directory.file("data"))
        lora_rank: 4
        learning_rate: 5e-3
        lora_dropout: 0.1
        per_device_train_batch_size: 4
        max_steps: 60
        logging_steps: 1
        save_steps: 4
        tokenized_path: \(directory.file("tokens"))
        """.utf8), to: "reward.yaml")
  }

  private func out(_ name: String) -> String { directory.file(name) }

  private func arguments(_ name: String, _ settings: String...) -> [String] {
    ["train", config, "output_dir=\(out(name))"] + settings
  }

  private func losses(_ name: String) throws -> [Double] {
    let path = "\(out(name))/trainer_log.jsonl"
    guard fileExists(path) else { return [] }
    return String(decoding: try readFile(path), as: UTF8.self).split(separator: "\n")
      .compactMap { try? JSONValue.parse(String($0))["loss"]?.double }
  }

  private func checkpoints(_ name: String) throws -> [String] {
    guard directoryExists(out(name)) else { return [] }
    return try directoryEntries(out(name)).filter { $0.hasPrefix("checkpoint-") }
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func aSignalSavesACheckpointThatGoesOnExactly(signal: Int32) throws {
    let steps = ["max_steps=500", "save_strategy=no"]
    #expect(try GraftCommand.run(arguments("whole") + steps).code == 0)
    var code: Int32 = 0
    // A signal that comes after the last step, on a busy machine, shows nothing.
    for _ in 0..<20 where code == 0 {
      removeTree(out("cut"))
      let process = try GraftCommand.start(
        arguments("cut") + steps, output: directory.file("printed"))
      while try losses("cut").isEmpty, GraftCommand.isRunning(process) { usleep(500) }
      kill(process, signal)
      code = GraftCommand.wait(for: process)
    }
    #expect(code == 128 + signal)
    let printed = String(decoding: try readFile(directory.file("printed")), as: UTF8.self)
    #expect(printed.contains("resume_from_checkpoint=true"))
    #expect(try checkpoints("cut").count == 1)
    #expect(!fileExists("\(out("cut"))/adapter_config.json"))
    let resumed = try GraftCommand.run(
      arguments("cut", "resume_from_checkpoint=true") + steps)
    #expect(resumed.code == 0, "\(resumed.errors)")
    #expect(try losses("cut") == losses("whole"))
  }

  @Test func killedAgainAndAgainOnlyWholeCheckpointsAreLeft() throws {
    #expect(try GraftCommand.run(arguments("whole")).code == 0)
    var kills = 0
    for attempt in 1...40 where kills < 6 {
      let process = try GraftCommand.start(arguments("cut"))
      let wanted = try checkpoints("cut").count + 2
      while try checkpoints("cut").count < wanted, GraftCommand.isRunning(process) { usleep(200) }
      usleep(UInt32(attempt % 6) * 700)
      kill(process, SIGKILL)
      guard GraftCommand.wait(for: process) == 128 + SIGKILL else {
        // On a busy machine it may have finished; from the start, then.
        removeTree(out("cut"))
        continue
      }
      kills += 1
      for checkpoint in try checkpoints("cut") {
        for file in ["adapter_config.json", "graft.json", "training_state.json"] {
          #expect(fileExists("\(out("cut"))/\(checkpoint)/\(file)"))
        }
      }
    }
    #expect(kills > 0)
    let last = try GraftCommand.run(arguments("cut"))
    #expect(last.code == 0 || last.errors.contains("holds a training run already"))
    #expect(try losses("cut") == losses("whole"))
    let weights = "adapter_model.safetensors"
    #expect(try readFile("\(out("cut"))/\(weights)") == readFile("\(out("whole"))/\(weights)"))
  }

  @Test func aFullDiskLeavesNoCheckpoint() throws {
    let result = try GraftCommand.run(arguments("out"), fileSizeLimit: 12)
    #expect(result.code == 4, "\(result.errors)")
    #expect(result.errors.contains("Free space or write elsewhere"))
    #expect(try checkpoints("out").isEmpty)
  }

  @Test func scoresATableAndJSONLines() throws {
    #expect(try GraftCommand.run(arguments("out", "max_steps=4")).code == 0)
    let rows = """
      {"id": "a", "messages": [{"role": "user", "content": "hi"}]}
      {"text": "some text"}
      {"ids": [1, 2, 3]}
      """
    let input = try directory.write(Array(rows.utf8), to: "in.jsonl")
    let model = [directory.file("model"), input, "--adapter", out("out")]
    let table = try GraftCommand.run(["score"] + model)
    #expect(table.code == 0, "\(table.errors)")
    #expect(table.output.split(separator: "\n").count == 4 && table.output.contains("some text"))
    let file = directory.file("rewards.jsonl")
    #expect(try GraftCommand.run(["score"] + model + ["-o", file]).code == 0)
    let lines = String(decoding: try readFile(file), as: UTF8.self).split(separator: "\n")
    #expect(try JSONValue.parse(String(lines[0]))["id"] == "a")
    #expect(try lines.map { try JSONValue.parse(String($0))["tokens"]?.int }.last == 3)
    let printed = try GraftCommand.run(["score"] + model + ["--json"])
    #expect(printed.output.split(separator: "\n") == lines)
    #expect(try GraftCommand.run(["score"] + model + ["-o", file]).code == 2)
    // Without the adapter there is no head: a failed check.
    #expect(try GraftCommand.run(["score"] + model.prefix(2)).code == 1)
  }

  @Test func aRowThatCannotBeScoredIsNamed() throws {
    #expect(try GraftCommand.run(arguments("out", "max_steps=1")).code == 0)
    for (row, message) in [
      ("{\"txt\": \"a\"}", "Did you mean 'text'"), ("{\"ids\": [1, 999]}", "999"),
      ("{\"ids\": []}", "no token"), ("{\"messages\": [{\"content\": \"a\"}]}", "no 'role'"),
      ("{\"text\": 1}", "found a number"), ("[1]", "expected an object"), ("{", "not valid JSON"),
    ] {
      let input = directory.file("in.jsonl")
      try writeFileAtomically(input, "{\"text\": \"fine\"}\n\(row)\n")
      let result = try GraftCommand.run(
        ["score", directory.file("model"), input, "--adapter", out("out")])
      #expect(result.code == 3)
      #expect(result.errors.contains("in.jsonl:2") || row == "{", "\(result.errors)")
      #expect(result.errors.contains(message), "\(result.errors)")
    }
  }

  @Test(.enabled(if: PeersPython.isPresent, "needs GRAFT_PEERS_PYTHON"))
  func peftLoadsTheAdapterWithNothingMissing() throws {
    #expect(try GraftCommand.run(arguments("out", "max_steps=8")).code == 0)
    let input = try directory.write(Array("{\"ids\": [5, 6, 7, 80, 90]}\n".utf8), to: "in.jsonl")
    let ours = try GraftCommand.run(
      ["score", directory.file("model"), input, "--adapter", out("out"), "--json"])
    let reward = try #require(try JSONValue.parse(ours.output)["reward"]?.double)
    let script = """
      import sys, torch
      from peft import AutoPeftModelForSequenceClassification
      model = AutoPeftModelForSequenceClassification.from_pretrained(sys.argv[1], num_labels=1)
      model.eval()
      from safetensors.torch import load_file
      saved = load_file(sys.argv[1] + "/adapter_model.safetensors")
      from peft import get_peft_model_state_dict
      loaded = get_peft_model_state_dict(model)
      assert set(saved) == set(loaded), set(saved) ^ set(loaded)
      assert all(torch.equal(saved[k], loaded[k]) for k in saved)
      print("REWARD", float(model(input_ids=torch.tensor([[5, 6, 7, 80, 90]])).logits))
      """
    let printed = try PeersPython.run(["-c", script, out("out")])
    let line = try #require(printed.split(separator: "\n").last { $0.hasPrefix("REWARD") })
    let theirs = try #require(Double(line.dropFirst("REWARD ".count)))
    #expect(abs(reward - theirs) < 1e-4 * max(1, abs(theirs)))
  }
}

private let bothAreBuilt =
  GraftCommand.path.map { fileExists(splitPath($0).parent + "/graft-engine") } ?? false
