import Adapters
import Checkpoint
import Datasets
import Diagnostics
import FileIO
import LanguageModels
import StrictJSON
import TensorCore
import Torch

/// Writes adapter and head together as one PEFT directory, with the tokenizer's files and
/// `graft.json`.
struct AdapterOutput {
  /// What PEFT reads beside the weights.
  let config: AdapterConfig
  /// The directory whose tokenizer files are copied.
  private let modelDirectory: String
  private let inputs: [(path: String, files: [FileRecord])]
  private let ledger: Ledger
  private let dataFileCount: Int
  private let settings: JSONObject
  private let choice: FormatChoice?
  /// A chat template for a model without one.
  private let template: String?

  private static let tokenizerFiles = [
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja",
    "added_tokens.json", "vocab.json", "merges.txt", "tokenizer.model",
  ]

  /// Prepares for a run: hashes its inputs, once.
  ///
  /// - Parameters:
  ///   - encoder: what wrote the conversations.
  ///   - dataFiles: the files of the data sets.
  init(
    _ config: TrainingConfig, _ loaded: LoadedModel<RewardModel>, encoder: ConversationEncoder,
    dataFiles: [String]
  ) throws(GraftError) {
    self.config = try Self.describe(config, loaded.model)
    ledger = loaded.ledger
    modelDirectory = config.model
    let weights = try directoryEntries(config.model).filter {
      $0.hasSuffix(".safetensors") || $0.hasSuffix(".safetensors.index.json")
    }
    var inputs = [
      try Provenance.input(config.model, files: ["config.json", "tokenizer.json"] + weights)
    ]
    if let adapter = config.adapter {
      inputs.append(
        try Provenance.input(
          adapter, files: ["adapter_config.json", "adapter_model.safetensors"]))
    }
    for file in dataFiles { inputs.append(try Provenance.input(file)) }
    self.inputs = inputs
    dataFileCount = dataFiles.count
    settings = config.summary
    choice = encoder.choice
    template = encoder.missingTemplate
  }

  /// The hashes of model and first adapter, which a resumed run must have too.
  var modelHashes: JSONValue {
    .array(
      inputs.prefix(inputs.count - dataFileCount).flatMap(\.files).map { file in
        .string(file.seal.sha256)
      })
  }

  /// Fills `output`; `step` and `others` (files that are there already) go into `graft.json`.
  func write(
    _ model: RewardModel, step: Int, others: [FileRecord] = [], to output: OutputDirectory
  ) throws(GraftError) {
    var tensors: [(spec: TensorSpec, bytes: [UInt8])] = []
    for parameter in model.trainableParameters {
      let spec = TensorSpec(name: parameter.name, dtype: .f32, shape: parameter.tensor.shape)
      let bytes = try parameter.tensor.detached().bytes()
      guard allFinite(bytes) else { throw .notFinite(parameter.name, step: step) }
      tensors.append((spec, bytes))
    }
    var records = others
    for (name, seal) in try AdapterWriter.write(config: config, tensors: tensors, to: output) {
      records.append(FileRecord(name: name, seal: seal))
    }
    let texts = [
      (FormatChoice.fileName, choice.map { $0.json.text(.pretty) + "\n" }),
      ("chat_template.jinja", template),
    ]
    for case (let name, let text?) in texts {
      records.append(FileRecord(name: name, seal: try output.write(text, to: name)))
    }
    for name in Self.tokenizerFiles where fileExists("\(modelDirectory)/\(name)") {
      records.append(try output.copy("\(modelDirectory)/\(name)", to: name))
    }
    var settings = settings
    settings["step"] = JSONValue(step)
    try Provenance(command: "train", settings: settings, inputs: inputs, ledger: ledger)
      .seal(records.sorted { $0.name < $1.name }, in: output)
  }

  private static func describe(
    _ config: TrainingConfig, _ model: RewardModel
  ) throws(GraftError) -> AdapterConfig {
    if let adapter = config.adapter {
      var known = try Adapter(adapter).config
      known.taskType = "SEQ_CLS"
      known.baseModel = config.model
      if !known.modulesToSave.contains("score") { known.modulesToSave.append("score") }
      return known
    }
    var targets: Set<String> = []
    for parameter in model.decoder.adapterParameters {
      let parts = parameter.name.split(separator: ".")
      if let end = parts.lastIndex(where: { $0.hasPrefix("lora_") }), end > 0 {
        targets.insert(String(parts[end - 1]))
      }
    }
    return AdapterConfig(
      rank: config.loraRank, alpha: config.loraAlpha, targetModules: targets.sorted(),
      modulesToSave: ["score"], usesRankStabilizedScale: config.usesRSLoRA,
      dropout: config.loraDropout, taskType: "SEQ_CLS", baseModel: config.model)
  }
}

private func allFinite(_ bytes: [UInt8]) -> Bool {
  bytes.withUnsafeBytes { raw in raw.bindMemory(to: Float.self).allSatisfy(\.isFinite) }
}
