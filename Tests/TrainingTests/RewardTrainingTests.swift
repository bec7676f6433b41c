import Datasets
import Diagnostics
import FileIO
import Safetensors
import StrictJSON
import TensorCore
import TestSupport
import Testing

@testable import Training

/// Whole runs on a tiny model.
@Suite(.serialized) struct RewardTrainingTests {
  /// A model, data and a configuration in one directory.
  struct Workplace {
    let directory: TemporaryDirectory
    let config: String

    init(_ lines: String = "", pairs: Int = 23) throws {
      directory = try TemporaryDirectory()
      try TinyModel.write(to: directory.file("model"))
      try TinyModel.writePairs(to: directory.file("data"), count: pairs)
      config = try directory.write(
        Array(
          """
          model_name_or_path: \(directory.file("model"))
          stage: rm
          dataset: pairs
          eval_dataset: held_out
          dataset_dir: \(directory.file("data"))
          lora_rank: 4
          learning_rate: 1e-2
          per_device_train_batch_size: 2
          gradient_accumulation_steps: 2
          num_train_epochs: 3
          logging_steps: 1
          save_steps: 5
          tokenized_path: \(directory.file("tokens"))
          \(lines)
          """.utf8), to: "reward.yaml")
    }

    func run(_ output: String, _ overrides: String...) throws -> TrainingOutcome {
      try trainRewardModel(
        TrainingConfig(
          config, overrides: ["output_dir=\(directory.file(output))"] + overrides))
    }

    func json(_ path: String) throws -> JSONValue {
      try .parse(readFile(directory.file(path)), file: path)
    }

    func losses(_ output: String) throws -> [Double] {
      let text = String(
        decoding: try readFile(directory.file("\(output)/trainer_log.jsonl")), as: UTF8.self)
      return try text.split(separator: "\n").map {
        try #require(JSONValue.parse(String($0))["loss"]?.double)
      }
    }

    func bytes(_ path: String) throws -> [UInt8] { try readFile(directory.file(path)) }
  }

  @Test func learnsAndSavesHeadAndAdapterTogether() throws {
    let place = try Workplace()
    #expect(try place.run("out") == .finished(directory: place.directory.file("out")))
    let results = try place.json("out/train_results.json")
    #expect(try #require(results["held_out_accuracy_after"]?.double) >= 0.75)
    #expect(results["longer_answer_accuracy"] == 0.5)
    #expect(results["held_out_accuracy_before"]?.double != nil)
    let losses = try place.losses("out")
    #expect(losses.count == 18)
    let (first, last) = (losses.prefix(4).reduce(0, +), losses.suffix(4).reduce(0, +))
    #expect(last < 0.6 * first, "\(losses)")

    let file = try SafetensorsFile(place.directory.file("out/adapter_model.safetensors"))
    #expect(file.tensors.count == 2 * 7 * 2 + 1)
    #expect(file.spec(of: "base_model.model.score.weight")?.shape == [1, 16])
    let name = "base_model.model.model.layers.1.mlp.down_proj"
    #expect(file.spec(of: "\(name).lora_A.weight")?.shape == [4, 24])
    #expect(file.spec(of: "\(name).lora_B.weight")?.shape == [16, 4])
    let config = try place.json("out/adapter_config.json")
    #expect(config["task_type"] == "SEQ_CLS" && config["modules_to_save"] == ["score"])
    #expect(config["r"] == 4 && config["lora_alpha"] == 8)
    #expect(config["target_modules"]?.array?.count == 7)
    #expect(fileExists(place.directory.file("out/tokenizer.json")))
    #expect(try place.json("out/graft.json")["command"] == "train")
    let entries = try directoryEntries(place.directory.file("out"))
    #expect(entries.filter { $0.hasPrefix("checkpoint-") }.count == 4)
    #expect(!entries.contains { $0.contains("partial") })
  }

  /// The format goes with the adapter, also to one that is trained further.
  @Test func theChatFormatGoesAlong() throws {
    let place = try Workplace("template: default\ndefault_system: Be kind.\nmax_steps: 2")
    _ = try place.run("first")
    let choice = try #require(try FormatChoice(directory: place.directory.file("first")))
    #expect(choice.name == "default" && choice.defaultSystem == "Be kind.")
    #expect(try place.json("first/graft.json")["settings"]?["chat_format"] == choice.json)
    #expect(
      try place.json("first/graft.json")["outputs"]?.array?.contains {
        $0["name"]?.string == FormatChoice.fileName
      } == true)
    let adapter = "adapter_name_or_path=\(place.directory.file("first"))"
    _ = try place.run("second", adapter, "template=null", "default_system=null")
    #expect(try FormatChoice(directory: place.directory.file("second")) == choice)
    _ = try place.run("plain", "template=null", "default_system=null")
    #expect(!fileExists(place.directory.file("plain/\(FormatChoice.fileName)")))
    #expect(!fileExists(place.directory.file("first/chat_template.jinja")))
    // A model without a template is given one that writes the same.
    try writeFileAtomically(
      place.directory.file("model/tokenizer_config.json"), #"{"eos_token": "<end>"}"#)
    _ = try place.run("third")
    let template = String(
      decoding: try place.bytes("third/chat_template.jinja"), as: UTF8.self)
    #expect(template.contains("Human: ") && template.contains("Be kind."))
    // The first step's loss tells whether the same tokens were read.
    #expect(try place.losses("first")[0] != place.losses("plain")[0])
  }

  @Test func aResumedRunEqualsAnUninterruptedOne() throws { try resumedEqualsWhole("") }

  // In a process of its own: other tests draw from the generator that dropout draws from.
  @Test func aResumedRunWithDropoutEqualsAnUninterruptedOne() async {
    await #expect(processExitsWith: .success) {
      try RewardTrainingTests().resumedEqualsWhole("lora_dropout: 0.2")
    }
  }

  private func resumedEqualsWhole(_ lines: String) throws {
    let place = try Workplace(lines)
    _ = try place.run("whole")
    // As if the run had been killed after the checkpoint of step 10: later lines and checkpoints
    // are there or not, the checkpoint itself is what counts.
    _ = try place.run("cut")
    for name in ["adapter_config.json", "checkpoint-15", "checkpoint-18"] {
      removeTree(place.directory.file("cut/\(name)"))
    }
    _ = try place.run("cut")
    #expect(try place.losses("cut") == place.losses("whole"))
    let weights = "adapter_model.safetensors"
    #expect(try place.bytes("cut/\(weights)") == place.bytes("whole/\(weights)"))
    let (cut, whole) = (
      try place.json("cut/train_results.json"), try place.json("whole/train_results.json")
    )
    for key in ["train_loss", "held_out_accuracy_before", "num_input_tokens_seen"] {
      #expect(cut[key] == whole[key])
    }
  }

  @Test func aRunGoesOnFromAnAdapter() throws {
    let place = try Workplace()
    _ = try place.run("first")
    let adapter = "adapter_name_or_path=\(place.directory.file("first"))"
    _ = try place.run("second", adapter, "learning_rate=0", "save_strategy=no")
    let weights = "adapter_model.safetensors"
    #expect(try place.bytes("second/\(weights)") == place.bytes("first/\(weights)"))
    let (first, second) = (
      try place.json("first/train_results.json"), try place.json("second/train_results.json")
    )
    #expect(second["held_out_accuracy_before"] == first["held_out_accuracy_after"])
  }

  @Test func aFinishedRunIsNotOverwritten() throws {
    let place = try Workplace()
    _ = try place.run("out", "max_steps=5")
    let before = try place.bytes("out/adapter_model.safetensors")
    let error = #expect(throws: GraftError.self) { _ = try place.run("out", "max_steps=5") }
    #expect(error?.code == .runFinished && error?.code.kind == .usage)
    #expect(throws: GraftError.self) {
      _ = try place.run("out", "max_steps=5", "resume_from_checkpoint=true")
    }
    #expect(try place.bytes("out/adapter_model.safetensors") == before)
    _ = try place.run("out", "max_steps=10", "resume_from_checkpoint=true")
    #expect(try place.losses("out").count == 10)
    _ = try place.run("out", "max_steps=3", "overwrite_output_dir=true")
    #expect(try place.losses("out").count == 3)
    #expect(!directoryExists(place.directory.file("out/checkpoint-10")))
  }

  @Test func aCheckpointOfAnotherRunIsRefused() throws {
    let place = try Workplace()
    _ = try place.run("out", "max_steps=5")
    for (change, key) in [
      ("lora_alpha=9", "lora_alpha"), ("seed=7", "seed"), ("max_samples=20", "training_pairs"),
    ] {
      let error = #expect(throws: GraftError.self) {
        _ = try place.run("out", "max_steps=9", "resume_from_checkpoint=true", change)
      }
      #expect(error?.code == .invalidCheckpoint && error?.message.contains(key) == true)
    }
    let state = place.directory.file("out/checkpoint-5/training_state.json")
    let text = String(decoding: try readFile(state), as: UTF8.self)
    try writeFileAtomically(state, text.replacing("\"tokens\"", with: "\"token\""))
    let error = #expect(throws: GraftError.self) {
      _ = try place.run("out", "max_steps=9", "resume_from_checkpoint=true")
    }
    #expect(error?.message.contains("tokens") == true)
  }

  @Test func checkpointsAreLimitedAndCanLackTheOptimizer() throws {
    let place = try Workplace()
    _ = try place.run("out", "save_total_limit=2", "save_only_model=true")
    let entries = try directoryEntries(place.directory.file("out"))
    #expect(entries.filter { $0.hasPrefix("checkpoint-") } == ["checkpoint-15", "checkpoint-18"])
    #expect(!fileExists(place.directory.file("out/checkpoint-18/optimizer.safetensors")))
    #expect(fileExists(place.directory.file("out/checkpoint-18/adapter_config.json")))
  }

  @Test func aDivergingRunStopsAndKeepsNothingBroken() throws {
    let place = try Workplace()
    let error = #expect(throws: GraftError.self) {
      _ = try place.run("out", "learning_rate=1e30", "max_grad_norm=0")
    }
    #expect(error?.code == .divergedTraining)
    #expect(!fileExists(place.directory.file("out/adapter_config.json")))
  }

  @Test func theOutputIsNoInput() throws {
    let place = try Workplace()
    for input in ["model", "data"] {
      let error = #expect(throws: GraftError.self) { _ = try place.run(input) }
      #expect(error?.code == .outputIsInput)
    }
  }

  @Test func marginsAndValidationSplit() throws {
    let place = try Workplace()
    _ = try place.run("out", "eval_dataset=null", "val_size=0.25", "max_steps=2")
    let results = try place.json("out/train_results.json")
    #expect(results["training_pairs"] == 17 && results["held_out_pairs"] == 6)
  }
}
