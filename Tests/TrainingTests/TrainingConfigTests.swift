import Datasets
import Diagnostics
import TestSupport
import Testing

@testable import Training

struct TrainingConfigTests {
  private func config(
    _ lines: String, overrides: [String] = []
  ) throws -> TrainingConfig {
    let directory = try TemporaryDirectory()
    let text = """
      model_name_or_path: models/base
      stage: rm
      dataset: pairs
      output_dir: out
      \(lines)
      """
    let path = try directory.write(Array(text.utf8), to: "reward.yaml")
    return try TrainingConfig(path, overrides: overrides)
  }

  private func failure(_ lines: String, overrides: [String] = []) -> GraftError? {
    #expect(throws: GraftError.self) { _ = try config(lines, overrides: overrides) }
  }

  @Test func defaultsAreThoseOfTransformersAndLLaMAFactory() throws {
    let config = try config("")
    #expect(config.loraRank == 8 && config.loraAlpha == 16 && config.loraTarget == ["all"])
    #expect(config.learningRate == 5e-5 && config.epochs == 3 && config.batchSize == 8)
    #expect(config.scheduler == .linear && config.maxGradientNorm == 1 && config.adamBeta2 == 0.999)
    #expect(config.weightDecay == 0 && config.adamEpsilon == 1e-8 && config.seed == 42)
    #expect(config.resume == .automatic && config.saving == .steps && config.saveSteps == 500)
  }

  @Test func readsValues() throws {
    let config = try config(
      """
      lora_rank: 16
      learning_rate: 1e-4
      adam_epsilon: 1.0e-6
      lr_scheduler_type: cosine
      eval_dataset: held_out, other
      eval_strategy: steps
      save_strategy: no
      bf16: yes
      max_steps: -1
      lora_target: [q_proj, v_proj]
      resume_from_checkpoint: out/checkpoint-5
      """)
    #expect(config.loraRank == 16 && config.loraAlpha == 32)
    #expect(config.learningRate == 1e-4 && config.adamEpsilon == 1e-6)
    #expect(config.scheduler == .cosine && config.saving == .never && config.usesBFloat16)
    #expect(config.evalDatasets == ["held_out", "other"] && config.maxSteps == nil)
    #expect(config.loraTarget == ["q_proj", "v_proj"])
    #expect(config.resume == .checkpoint("out/checkpoint-5"))
  }

  @Test func overridesReplaceTheFile() throws {
    let config = try config(
      "learning_rate: 1e-4\nseed: 1", overrides: ["learning_rate=2e-5", "seed=", "max_steps=7"])
    #expect(config.learningRate == 2e-5 && config.seed == 42 && config.maxSteps == 7)
    let error = try #require(failure("", overrides: ["lora_rank=many"]))
    #expect(error.file == "command line")
    #expect(failure("", overrides: ["lora_rank"])?.message.contains("lora_rank") == true)
  }

  @Test func harmlessKeysAreListedWithAReason() throws {
    let config = try config(
      """
      plot_loss: true
      template: null
      report_to: none
      deepspeed: null
      use_dora: false
      pref_loss: none
      """)
    #expect(config.ignored.map(\.key) == ["plot_loss"])
    #expect(config.format == nil)
  }

  @Test func aChatFormatIsChosen() throws {
    #expect(try config("template: llama3").format == FormatChoice("llama3"))
    var choice = FormatChoice("qwen3")
    choice.defaultSystem = "Be kind."
    choice.thinks = false
    choice.preservesThinking = true
    let text = """
      template: qwen3
      default_system: Be kind.
      enable_thinking: false
      preserve_thinking: true
      """
    #expect(try config(text).format == choice)
  }

  @Test(arguments: [
    ("lora_rnak: 8", "unknown key 'lora_rnak'", "lora_rank"),
    ("learning_rat: 8", "unknown key 'learning_rat'", "learning_rate"),
    ("zzz: 8", "unknown key 'zzz'", "Remove"),
    ("template: lama3", "no chat format 'lama3'", "'llama3'"),
    ("enable_thinking: false", "'enable_thinking' belongs to a chat format", "template"),
    ("use_dora: true", "'use_dora' is LLaMA-Factory's", "Remove"),
    ("finetuning_type: full", "'full' is not in this version", "lora"),
    ("optim: adafactor", "adafactor", "adamw_torch"),
    ("report_to: wandb", "wandb", "none"),
    ("dataset_dir: ONLINE", "downloads", "directory"),
  ])
  func namesWhatIsNotUnderstood(line: String, message: String, remedy: String) throws {
    let error = try #require(failure("seed: 3\n\(line)"))
    #expect(error.line == 6)
    #expect(error.file?.hasSuffix("reward.yaml") == true)
    #expect(error.message.contains(message))
    #expect(error.remedy?.contains(remedy) == true)
    #expect(error.code.kind == .usage)
  }

  @Test(arguments: [
    ("lora_rank: eight", "'eight'", "a whole number"),
    ("lora_rank: 0", "'0'", "from 1"),
    ("lora_rank: 2.5", "'2.5'", "a whole number"),
    ("learning_rate: fast", "'fast'", "a number"),
    ("lora_dropout: 1.0", "'1.0'", "below 1"),
    ("bf16: perhaps", "'perhaps'", "true or false"),
    ("lr_scheduler_type: exponential", "'exponential'", "one of linear, cosine"),
    ("cutoff_len: [1, 2]", "a list", "a whole number"),
    ("output_dir: {a: b}", "a mapping", "text"),
  ])
  func namesFoundAndExpected(line: String, found: String, expected: String) throws {
    // The key is repeated below for output_dir, so that one comes from an override instead.
    if line.hasPrefix("output_dir") {
      let error = try #require(failure("", overrides: ["output_dir={a: b}"]))
      #expect(error.message.contains(found) && error.message.contains(expected))
      return
    }
    let error = try #require(failure(line))
    #expect(error.line == 5)
    #expect(error.message.contains(found) && error.message.contains(expected))
  }

  @Test func aDoubleKeyIsRefused() {
    #expect(failure("seed: 1\nseed: 2")?.message.contains("'seed' appears twice") == true)
  }

  @Test func brokenYAMLHasALine() {
    #expect(failure("seed: [1")?.code == .invalidYAML)
    #expect(failure("seed: [1")?.line != nil)
    #expect(failure("\tseed: 1")?.line == 5)
  }

  @Test(arguments: ["pt", "sft", "dpo"])
  func otherStagesAreNotInThisVersion(stage: String) {
    let error = failure("", overrides: ["stage=\(stage)"])
    #expect(error?.message.contains("stage '\(stage)' is not in this version") == true)
  }

  @Test(arguments: ["model_name_or_path", "dataset", "output_dir", "stage"])
  func requiredKeys(key: String) {
    #expect(
      failure("", overrides: ["\(key)=null"])?.message.contains("'\(key)' is missing") == true)
  }

  @Test func contradictionsAreRefused() {
    #expect(failure("val_size: 0.1\neval_dataset: held_out")?.line == 5)
    #expect(failure("eval_strategy: steps")?.message.contains("nothing to evaluate") == true)
  }
}
