import ArgumentParser
import Training

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train a reward model: LoRA and a scalar head, saved together.",
    usage: "graft train CONFIG.yaml [key=value ...]",
    discussion: """
      CONFIG.yaml is LLaMA-Factory's: stage rm, finetuning_type lora, data sets that \
      dataset_info.json describes. A key that is misspelt, or that this version lacks, is an error.

      The output directory gets checkpoints checkpoint-N, trainer_log.jsonl, train_results.json, \
      and at the end a PEFT adapter with its head. Ctrl-C finishes the step, saves a checkpoint \
      and says how to go on. An unfinished run goes on by itself when it is started again.

      Example: graft train demo/reward.yaml learning_rate=5e-4 output_dir=out/other
      """)

  @Argument(help: "The YAML file.", completion: .file(extensions: ["yaml", "yml"]))
  var config: String

  @Argument(help: "Settings key=value that replace those of the file.")
  var overrides: [String] = []

  func run() throws {
    let settings = try TrainingConfig(config, overrides: overrides)
    switch try trainRewardModel(settings, interruption: .install()) {
    case .finished(let directory):
      print("saved \(directory): adapter and head")
      print("next: graft merge \(settings.model) \(directory) -o MERGED")
    case .interrupted(let signal, let step, let checkpoint):
      let command = (["graft train", config] + overrides).joined(separator: " ")
      if let checkpoint {
        print("stopped after step \(step); saved \(checkpoint)")
        print("to go on: \(command) resume_from_checkpoint=true")
      } else {
        print("stopped before the first step; nothing was changed")
        print("to begin again: \(command)")
      }
      throw ExitCode(Interruption.exitCode(for: signal))
    }
  }
}
