public import Datasets
public import Diagnostics

/// What a training run does: LLaMA-Factory's YAML, typed and checked.
///
/// Names, meanings and defaults are LLaMA-Factory's and those of transformers'
/// `TrainingArguments`. Relative paths are relative to the current directory.
public struct TrainingConfig: Sendable, Equatable {
  /// How the learning rate moves; see ``LearningRateSchedule``.
  public enum Scheduler: String, Sendable, CaseIterable {
    case linear
    case cosine
    case constant
    case constantWithWarmup = "constant_with_warmup"
  }

  /// When something is done again and again.
  public enum Interval: String, Sendable, CaseIterable {
    case never = "no"
    case steps
    case epoch
  }

  /// From where a run goes on.
  public enum Resume: Sendable, Equatable {
    /// From the last checkpoint of an unfinished run in the output directory, if there is one.
    case automatic
    /// From the last checkpoint in the output directory, which must be there.
    case lastCheckpoint
    /// From this checkpoint directory.
    case checkpoint(String)
    /// From the beginning, whatever is there.
    case never
  }

  /// A key that was accepted but changes nothing, and why.
  public struct IgnoredKey: Sendable, Equatable {
    /// The key.
    public var key: String
    /// Why it changes nothing.
    public var reason: String
  }

  // MARK: Model

  /// `model_name_or_path`: the model directory.
  public var model = ""
  /// `adapter_name_or_path`: the adapter that training goes on from, or nil for a new one.
  public var adapter: String?
  /// `lora_rank`
  public var loraRank = 8
  /// `lora_alpha`; twice the rank unless given.
  public var loraAlpha = 16.0
  /// `lora_dropout`
  public var loraDropout = 0.0
  /// `lora_target`: module names, or `all` for every linear layer but the head.
  public var loraTarget = ["all"]
  /// `use_rslora`: scale by alpha/√rank.
  public var usesRSLoRA = false
  /// `bf16`: whether weights and arithmetic are bfloat16; the adapter is always float32.
  public var usesBFloat16 = false

  // MARK: Data

  /// `template` with `default_system`, `enable_thinking` and `preserve_thinking`: the chat format
  /// that takes the place of the model's own template.
  public var format: FormatChoice?
  /// `dataset`: names in `dataset_info.json`.
  public var datasets: [String] = []
  /// `eval_dataset`
  public var evalDatasets: [String] = []
  /// `dataset_dir`
  public var datasetDirectory = "data"
  /// `cutoff_len`: the longest sequence, in tokens.
  public var cutoffLength = 2048
  /// `max_samples`: the rows used of each data set.
  public var maxSamples: Int?
  /// `val_size`: rows (1 or more) or the share of rows (below 1) held out of the training data.
  public var validationSize = 0.0
  /// `mix_strategy`: how several data sets become one.
  public var mixStrategy = MixStrategy.concat
  /// `interleave_probs`: how often rows come from each data set, or nil for turns.
  public var mixProbabilities: [Double]?
  /// `tokenized_path`: the folder of the cached tokens; the user's cache unless given.
  public var tokenizedPath: String?
  /// `overwrite_cache`: whether tokens are made anew.
  public var renewsCache = false
  /// `disable_shuffling`
  public var keepsOrder = false

  // MARK: Optimisation

  /// `per_device_train_batch_size`, in pairs.
  public var batchSize = 8
  /// `per_device_eval_batch_size`, in pairs.
  public var evalBatchSize = 8
  /// `gradient_accumulation_steps`
  public var accumulationSteps = 1
  /// `learning_rate`
  public var learningRate = 5e-5
  /// `num_train_epochs`
  public var epochs = 3.0
  /// `max_steps`; overrides ``epochs``.
  public var maxSteps: Int?
  /// `lr_scheduler_type`
  public var scheduler = Scheduler.linear
  /// `warmup_ratio`
  public var warmupRatio = 0.0
  /// `warmup_steps`; overrides ``warmupRatio``.
  public var warmupSteps: Int?
  /// `weight_decay`
  public var weightDecay = 0.0
  /// `adam_beta1`
  public var adamBeta1 = 0.9
  /// `adam_beta2`
  public var adamBeta2 = 0.999
  /// `adam_epsilon`
  public var adamEpsilon = 1e-8
  /// `max_grad_norm`; 0 for no clipping.
  public var maxGradientNorm = 1.0
  /// `seed`: of new weights and dropout.
  public var seed = 42
  /// `data_seed`: of the order of the rows; ``seed`` unless given.
  public var dataSeed = 42

  // MARK: Output

  /// `output_dir`
  public var outputDirectory = ""
  /// `overwrite_output_dir`
  public var overwritesOutput = false
  /// `logging_steps`
  public var loggingSteps = 500
  /// `save_strategy`
  public var saving = Interval.steps
  /// `save_steps`
  public var saveSteps = 500
  /// `save_total_limit`: the checkpoints kept.
  public var saveTotalLimit: Int?
  /// `save_only_model`: whether checkpoints lack what resuming needs.
  public var savesOnlyModel = false
  /// `eval_strategy`; before and after training the evaluation set is always used.
  public var evaluating = Interval.never
  /// `eval_steps`
  public var evalSteps = 500
  /// `resume_from_checkpoint`
  public var resume = Resume.automatic
  /// Accepted keys that change nothing.
  public var ignored: [IgnoredKey] = []

  /// Reads a configuration.
  ///
  /// - Parameters:
  ///   - path: the YAML file.
  ///   - overrides: settings `key=value` that replace those of the file.
  /// - Throws: ``GraftError`` with file and line: an unknown key (with the one that is meant), a
  ///   key that this version lacks, a value of the wrong type or out of range.
  public init(_ path: String, overrides: [String] = []) throws(GraftError) {
    var reader = try ConfigReader(path, overrides: overrides)
    readMethod(&reader)
    readModel(&reader)
    readData(&reader)
    readOptimisation(&reader)
    readOutput(&reader)
    try settleUnreadKeys(reader)
    if let problem = reader.problems.min(by: { ($0.line ?? .max) < ($1.line ?? .max) }) {
      throw problem
    }
    try requireKeys(file: path)
  }

  // MARK: - Reading

  private mutating func readMethod(_ reader: inout ConfigReader) {
    switch reader.string("stage") {
    case "rm": break
    case nil: reader.report("stage", "'stage' is missing", remedy: "Write stage: rm")
    case let stage? where ["pt", "sft", "dpo", "kto", "ppo"].contains(stage):
      reader.report(
        "stage", "stage '\(stage)' is not in this version",
        remedy: "Graft trains reward models: stage rm")
    case let stage?:
      reader.report("stage", "unknown stage '\(stage)'", remedy: "Write stage: rm")
    }
    switch reader.string("finetuning_type") {
    case "lora", nil: break
    case let type? where ["full", "freeze", "oft"].contains(type):
      reader.report(
        "finetuning_type", "finetuning_type '\(type)' is not in this version",
        remedy: "Write finetuning_type: lora")
    case let type?:
      reader.report(
        "finetuning_type", "unknown finetuning_type '\(type)'",
        remedy: "Write finetuning_type: lora")
    }
    if reader.flag("do_train") == false {
      reader.report("do_train", "do_train is false, so there is nothing to do")
    }
    switch reader.string("optim") {
    case nil, "adamw_torch", "adamw_torch_fused", "adamw_hf": break
    case let name?:
      reader.report(
        "optim", "optimizer '\(name)' is not in this version", remedy: "Write optim: adamw_torch")
    }
    if let reports = reader.list("report_to"), reports != ["none"] {
      reader.report(
        "report_to", "reporting to '\(reports.joined(separator: ", "))' is not in this version",
        remedy: "Write report_to: none; the numbers are in trainer_log.jsonl")
    }
  }

  private mutating func readModel(_ reader: inout ConfigReader) {
    model = reader.string("model_name_or_path") ?? model
    if let adapters = reader.list("adapter_name_or_path") {
      if adapters.count > 1 {
        reader.report(
          "adapter_name_or_path", "training goes on from one adapter, not \(adapters.count)",
          remedy: "Merge all but the last into the base first")
      }
      adapter = adapters.first
    }
    loraRank = reader.integer("lora_rank", "from 1") { $0 >= 1 } ?? loraRank
    loraAlpha = reader.number("lora_alpha", "above 0") { $0 > 0 } ?? Double(2 * loraRank)
    loraDropout =
      reader.number("lora_dropout", "from 0 to below 1") { (0..<1).contains($0) } ?? loraDropout
    loraTarget = reader.list("lora_target") ?? loraTarget
    usesRSLoRA = reader.flag("use_rslora") ?? usesRSLoRA
    usesBFloat16 = reader.flag("bf16") ?? usesBFloat16
  }

  private mutating func readData(_ reader: inout ConfigReader) {
    datasets = reader.list("dataset") ?? datasets
    evalDatasets = reader.list("eval_dataset") ?? evalDatasets
    datasetDirectory = reader.string("dataset_dir") ?? datasetDirectory
    if datasetDirectory == "ONLINE" || datasetDirectory.hasPrefix("REMOTE:") {
      reader.report(
        "dataset_dir", "Graft downloads no data sets", remedy: "Name a directory of this machine")
    }
    cutoffLength = reader.integer("cutoff_len", "from 2") { $0 >= 2 } ?? cutoffLength
    maxSamples = reader.integer("max_samples", "from 1") { $0 >= 1 }
    validationSize = reader.number("val_size", "from 0") { $0 >= 0 } ?? validationSize
    if validationSize > 0, !evalDatasets.isEmpty {
      reader.report("val_size", "val_size and eval_dataset cannot both be given")
    }
    keepsOrder = reader.flag("disable_shuffling") ?? keepsOrder
    mixStrategy = reader.choice("mix_strategy", MixStrategy.self) ?? mixStrategy
    if let texts = reader.list("interleave_probs") {
      mixProbabilities = texts.compactMap(Double.init)
      if mixProbabilities?.count != texts.count {
        reader.report("interleave_probs", "'interleave_probs' must be numbers between commas")
      }
    }
    tokenizedPath = reader.string("tokenized_path")
    renewsCache = reader.flag("overwrite_cache") ?? renewsCache
    readFormat(&reader)
  }

  private mutating func readFormat(_ reader: inout ConfigReader) {
    if let name = reader.string("template") {
      do throws(GraftError) {
        _ = try ChatFormat.named(name)
      } catch {
        reader.report("template", error.message, remedy: error.remedy)
      }
      format = FormatChoice(name)
    }
    let system = reader.string("default_system")
    let thinks = reader.flag("enable_thinking")
    let preservesThinking = reader.flag("preserve_thinking")
    let given: [(key: String, isGiven: Bool)] = [
      ("default_system", system != nil), ("enable_thinking", thinks != nil),
      ("preserve_thinking", preservesThinking != nil),
    ]
    if format == nil, let key = given.first(where: \.isGiven)?.key {
      reader.report(
        key, "'\(key)' belongs to a chat format, and none is given",
        remedy: "Name the format with template, as in template: qwen3")
    }
    format?.defaultSystem = system
    if let thinks { format?.thinks = thinks }
    if let preservesThinking { format?.preservesThinking = preservesThinking }
  }

  private mutating func readOptimisation(_ reader: inout ConfigReader) {
    batchSize = reader.integer("per_device_train_batch_size", "from 1") { $0 >= 1 } ?? batchSize
    evalBatchSize =
      reader.integer("per_device_eval_batch_size", "from 1") { $0 >= 1 } ?? evalBatchSize
    accumulationSteps =
      reader.integer("gradient_accumulation_steps", "from 1") { $0 >= 1 } ?? accumulationSteps
    learningRate = reader.number("learning_rate", "from 0") { $0 >= 0 } ?? learningRate
    epochs = reader.number("num_train_epochs", "above 0") { $0 > 0 } ?? epochs
    if let steps = reader.integer("max_steps", "from 1, or -1", where: { $0 >= 1 || $0 == -1 }),
      steps > 0
    {
      maxSteps = steps
    }
    scheduler = reader.choice("lr_scheduler_type", Scheduler.self) ?? scheduler
    warmupRatio =
      reader.number("warmup_ratio", "from 0 to 1") { (0...1).contains($0) } ?? warmupRatio
    if let steps = reader.integer("warmup_steps", "from 0", where: { $0 >= 0 }), steps > 0 {
      warmupSteps = steps
    }
    weightDecay = reader.number("weight_decay", "from 0") { $0 >= 0 } ?? weightDecay
    adamBeta1 =
      reader.number("adam_beta1", "from 0 to below 1") { (0..<1).contains($0) } ?? adamBeta1
    adamBeta2 =
      reader.number("adam_beta2", "from 0 to below 1") { (0..<1).contains($0) } ?? adamBeta2
    adamEpsilon = reader.number("adam_epsilon", "above 0") { $0 > 0 } ?? adamEpsilon
    maxGradientNorm = reader.number("max_grad_norm", "from 0") { $0 >= 0 } ?? maxGradientNorm
    seed = reader.integer("seed", "from 0") { $0 >= 0 } ?? seed
    dataSeed = reader.integer("data_seed", "from 0") { $0 >= 0 } ?? seed
  }

  private mutating func readOutput(_ reader: inout ConfigReader) {
    outputDirectory = reader.string("output_dir") ?? outputDirectory
    overwritesOutput = reader.flag("overwrite_output_dir") ?? overwritesOutput
    loggingSteps = reader.integer("logging_steps", "from 1") { $0 >= 1 } ?? loggingSteps
    saving = reader.choice("save_strategy", Interval.self) ?? saving
    saveSteps = reader.integer("save_steps", "from 1") { $0 >= 1 } ?? saveSteps
    saveTotalLimit = reader.integer("save_total_limit", "from 1") { $0 >= 1 }
    savesOnlyModel = reader.flag("save_only_model") ?? savesOnlyModel
    evaluating =
      reader.choice("eval_strategy", Interval.self)
      ?? reader.choice("evaluation_strategy", Interval.self) ?? evaluating
    evalSteps = reader.integer("eval_steps", "from 1") { $0 >= 1 } ?? evalSteps
    if evaluating != .never, evalDatasets.isEmpty, validationSize == 0 {
      reader.report(
        "eval_strategy", "there is nothing to evaluate on",
        remedy: "Give eval_dataset or val_size")
    }
    if let text = reader.string("resume_from_checkpoint") {
      switch text.lowercased() {
      case "true", "yes", "on": resume = .lastCheckpoint
      case "false", "no", "off": resume = .never
      default: resume = .checkpoint(text)
      }
    }
  }

  /// Sorts the keys that nothing read into harmless, not in this version, and unknown.
  private mutating func settleUnreadKeys(_ reader: ConfigReader) throws(GraftError) {
    for key in reader.unread {
      let (file, line) = reader.place(key)
      if let reason = ConfigKeys.ignored[key] {
        ignored.append(IgnoredKey(key: key, reason: reason))
      } else if ConfigKeys.unsupported.contains(key) {
        guard reader.isOff(key) else { throw .unsupportedConfigKey(key, file: file, line: line) }
      } else {
        let known = reader.asked.union(ConfigKeys.ignored.keys).union(ConfigKeys.unsupported)
        throw .unknownConfigKey(
          key, meant: suggestion(for: key, among: known.sorted()), file: file, line: line)
      }
    }
  }

  private func requireKeys(file: String) throws(GraftError) {
    let required = [
      ("model_name_or_path", model.isEmpty, "Name the model directory"),
      ("dataset", datasets.isEmpty, "Name one or more entries of dataset_info.json"),
      ("output_dir", outputDirectory.isEmpty, "Name the directory to write"),
    ]
    for (key, isMissing, remedy) in required where isMissing {
      throw .missingConfigKey(key, file: file, remedy: remedy)
    }
  }
}
