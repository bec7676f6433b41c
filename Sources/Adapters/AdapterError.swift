import Checkpoint
public import Diagnostics
import TensorCore

extension GraftError.Code {
  /// `adapter_config.json` is missing, lacks a key, or holds a value of the wrong kind.
  public static let invalidAdapterConfig = Self("invalid-adapter-config", .input)
  /// The adapter's weights are missing or in a form that is not read.
  public static let adapterWeights = Self("adapter-weights", .input)
  /// An adapter file, or a tensor in it, holds nothing.
  public static let emptyAdapter = Self("empty-adapter", .input)
  /// The adapter is of a kind, or has a setting, that cannot be merged.
  public static let unsupportedAdapter = Self("unsupported-adapter", .input)
  /// A tensor of the adapter has no place, or not exactly one, in the base.
  public static let adapterMismatch = Self("adapter-mismatch", .input)
  /// Shapes or ranks of adapter, configuration and base disagree.
  public static let adapterShape = Self("adapter-shape", .input)
  /// The adapter lacks tensors that its configuration promises.
  public static let incompleteAdapter = Self("incomplete-adapter", .input)
  /// The adapter holds NaN or infinity.
  public static let nonFinite = Self("non-finite", .input)
  /// The adapter changes nothing.
  public static let noEffect = Self("no-effect", .input)
  /// Rows of a B are zero.
  public static let zeroRows = Self("zero-rows", .input)
  /// A key in `adapter_config.json` that is not known.
  public static let unknownAdapterKey = Self("unknown-adapter-key", .input)
}

extension GraftError {
  private static let otherBase = "Is this the base that the adapter was trained on?"
  private static let gather =
    "It was saved under ZeRO-3 or FSDP without gathering; save it again with gathered parameters"

  // MARK: Files

  static func adapterConfigMissing(_ directory: String) -> Self {
    Self(
      .invalidAdapterConfig, "has no adapter_config.json, which holds rank, alpha and targets",
      file: directory, remedy: "Copy it from where the adapter was trained")
  }

  static func adapterIsFile(_ path: String) -> Self {
    Self(
      .adapterWeights, "is a file", file: path,
      remedy: "Name the directory that holds adapter_config.json and adapter_model.safetensors")
  }

  static func adapterNested(_ directory: String, inner: String) -> Self {
    Self(
      .adapterWeights, "has no adapter itself", file: directory,
      remedy: "An adapter with a name lies below it; name '\(inner)'")
  }

  static func adapterWeightsMissing(_ directory: String) -> Self {
    Self(
      .adapterWeights, "has neither adapter_model.safetensors nor adapter_model.bin",
      file: directory,
      remedy: "Copy it from where the adapter was trained")
  }

  static func adapterEmpty(_ file: String) -> Self {
    Self(
      .emptyAdapter, "holds no tensors at all", file: file,
      remedy: "The trainer saved a wrapped model (torch.compile, FSDP, DeepSpeed) whose names PEFT "
        + "did not recognise; the trained weights are not in here")
  }

  // MARK: Configuration

  static func adapterConfigKeyMissing(_ key: String, file: String) -> Self {
    Self(.invalidAdapterConfig, "has no '\(key)'", file: file)
  }

  static func adapterConfigValue(
    _ key: String, is found: String, expected: String, file: String
  ) -> Self {
    Self(.invalidAdapterConfig, "'\(key)' is \(found); \(expected) was expected", file: file)
  }

  static func badPattern(_ key: String, _ pattern: String, _ file: String?) -> Self {
    Self(
      .invalidAdapterConfig,
      "'\(key)' holds '\(pattern)', which is no regular expression that is read here",
      file: file,
      remedy: "Look-behind and back-references are not; name the modules in a list instead")
  }

  static func ambiguousPattern(
    _ key: String, _ first: String, _ second: String, module: String, file: String?
  ) -> Self {
    Self(
      .invalidAdapterConfig,
      "'\(key)': '\(first)' and '\(second)' both match \(module), with different values",
      file: file,
      remedy: "PEFT sorts these keys when it saves, so which one counted in training is not known; "
        + "remove the one that did not")
  }

  static func adapterKind(_ type: String, why: String, file: String?) -> Self {
    Self(
      .unsupportedAdapter, "peft_type is '\(type)', which cannot be merged: \(why)", file: file,
      remedy: "Merged are LORA (with its variants), LOHA, LOKR, IA3, VERA, OFT and "
        + "TRAINABLE_TOKENS; for others see PEFT's merge_and_unload")
  }

  static func residualBase(_ start: String, file: String?) -> Self {
    Self(
      .unsupportedAdapter,
      "'init_lora_weights' is '\(start)': training began by taking a part out of the base's weights, "
        + "and this adapter adds to what was left, not to the base as published",
      file: file,
      remedy:
        "Convert it with PEFT (save_pretrained with path_initial_model_for_weight_conversion), "
        + "or, if the base given here is the one with that part taken out, say so with "
        + "--base-is-residual")
  }

  static func adapterSetting(_ key: String, _ value: String, _ why: String, file: String?) -> Self {
    Self(
      .unsupportedAdapter, "'\(key)' is \(value): \(why), which this version cannot merge",
      file: file, remedy: "Merge it with PEFT's merge_and_unload")
  }

  static func unknownAdapterKey(_ key: String, file: String?) -> Self {
    Self(
      .unknownAdapterKey, "'\(key)' is not known here and has no effect on the merge", file: file)
  }

  // MARK: Tensors

  static func emptyAdapterTensor(_ spec: TensorSpec, file: String) -> Self {
    Self(
      .emptyAdapter, "has shape \(spec.shape): its values are not in this file", file: file,
      tensor: spec.name, remedy: gather)
  }

  static func adapterTensorType(_ spec: TensorSpec, file: String) -> Self {
    Self(
      .adapterMismatch, "is \(spec.dtype.rawValue); F64, F32, F16 or BF16 was expected",
      file: file, tensor: spec.name)
  }

  static func unsupportedTensor(_ name: String, _ what: String, file: String) -> Self {
    Self(
      .unsupportedAdapter, "is \(what), which this version cannot merge", file: file, tensor: name,
      remedy: "Merge it with PEFT's merge_and_unload")
  }

  static func severalAdapters(_ names: [String], file: String) -> Self {
    Self(
      .adapterMismatch, "holds several adapters: \(names.joined(separator: ", "))", file: file,
      remedy: "Save each one by itself")
  }

  static func halfPair(_ name: String, missing: String, file: String) -> Self {
    Self(
      .incompleteAdapter, "has no \(missing) beside it", file: file, tensor: name,
      remedy: "The save is incomplete; save the adapter again")
  }

  static func landsTwice(_ name: String, _ other: String, file: String) -> Self {
    Self(.adapterMismatch, "means the same weight as '\(other)'", file: file, tensor: name)
  }

  static func noBaseTensor(
    _ name: String, wanted: String, base: some Sequence<String>, file: String
  ) -> Self {
    if BaseNames.isHead(String(wanted.split(separator: ".").first ?? "")) {
      return Self(
        .adapterMismatch,
        "was trained on top of the head '\(wanted)', which neither the base nor the adapter holds",
        file: file, tensor: name,
        remedy: "That head was random and was never saved: its rewards cannot be had back. Name a "
          + "base that has the head, or train again with modules_to_save: [score]")
    }
    if wanted == "lm_head.weight" {
      return Self(
        .adapterMismatch,
        "means '\(wanted)', which the base does not hold since it is tied to the input embedding",
        file: file, tensor: name,
        remedy: "Changing it would change the input embedding too; this version does not untie them"
      )
    }
    let near = suggestion(for: wanted, among: base).map { "; the nearest is '\($0)'" } ?? ""
    return Self(
      .adapterMismatch, "means '\(wanted)', which the base does not have\(near)", file: file,
      tensor: name, remedy: otherBase)
  }

  static func ambiguousName(_ name: String, candidates: [String], file: String) -> Self {
    Self(
      .adapterMismatch, "could mean any of \(listing(candidates, limit: 3))", file: file,
      tensor: name)
  }

  static func mixedPrefixes(_ examples: [String], file: String) -> Self {
    Self(
      .adapterMismatch,
      "its names fit the base in different ways: \(examples.joined(separator: ", "))", file: file,
      remedy: otherBase)
  }

  static func notTargeted(_ name: String, module: String, file: String) -> Self {
    Self(
      .adapterMismatch,
      "is for \(module), which target_modules in adapter_config.json does not name", file: file,
      tensor: name, remedy: "PEFT would ignore it; the configuration may be of another adapter")
  }

  static func notSavedWhole(_ name: String, module: String, file: String) -> Self {
    Self(
      .adapterMismatch,
      "would replace \(module), which modules_to_save in adapter_config.json does not name",
      file: file, tensor: name, remedy: "Add it there if it was trained")
  }

  static func undeclaredEmbedding(_ name: String, file: String) -> Self {
    Self(
      .adapterMismatch,
      "replaces the base's whole, as PEFT saves embeddings that were resized; modules_to_save does "
        + "not name it",
      file: file, tensor: name)
  }

  static func notAMatrix(_ base: TensorSpec, adapterTensor: String, file: String) -> Self {
    Self(
      .adapterShape, "is for the base's \(base), which is no matrix of real numbers", file: file,
      tensor: adapterTensor)
  }

  static func rankMismatch(a: TensorSpec, b: TensorSpec, expected: Int, file: String) -> Self {
    Self(
      .adapterShape,
      "A has shape \(a.shape) and B \(b.shape); adapter_config.json says rank \(expected)",
      file: file, tensor: a.name,
      remedy: "The scale depends on the rank: put back the configuration of this training run")
  }

  static func doesNotFit(a: TensorSpec, b: TensorSpec, base: TensorSpec, file: String) -> Self {
    Self(
      .adapterShape,
      "A \(a.shape) and B \(b.shape) do not fit the base's \(base.shape) (B gives the rows, A the "
        + "columns)",
      file: file, tensor: a.name, remedy: otherBase)
  }

  static func factorShape(
    _ spec: TensorSpec, expected: [Int], base: TensorSpec, file: String
  ) -> Self {
    Self(
      .adapterShape,
      "has shape \(spec.shape); for the base's '\(base.name)' \(base.shape) it had to be \(expected)",
      file: file, tensor: spec.name, remedy: otherBase)
  }

  static func vectorLength(_ spec: TensorSpec, expected: Int, file: String) -> Self {
    Self(
      .adapterShape, "has shape \(spec.shape); \(expected) elements were expected", file: file,
      tensor: spec.name, remedy: otherBase)
  }

  static func noBiasInBase(_ name: String, module: String, file: String) -> Self {
    Self(
      .adapterMismatch, "adds to the bias of \(module), and the base has none there", file: file,
      tensor: name,
      remedy: "A model of this family cannot hold that bias (lora_bias); keep the adapter unmerged")
  }

  static func tuckerCore(_ name: String, file: String) -> Self {
    Self(
      .unsupportedAdapter, "is a factor of a convolution; linear layers only are merged",
      file: file, tensor: name, remedy: "Merge it with PEFT's merge_and_unload")
  }

  static func ambiguousExperts(_ name: String, shape: [Int], file: String) -> Self {
    Self(
      .adapterShape,
      "is for square experts \(shape): which of A and B is the input cannot be seen, and "
        + "adapter_config.json does not say by peft_version how they were trained",
      file: file, tensor: name,
      remedy: "Add the PEFT version of the training run as peft_version to adapter_config.json")
  }

  static func tokenRows(_ spec: TensorSpec, ids: Int, base: TensorSpec, file: String) -> Self {
    Self(
      .adapterShape,
      "has shape \(spec.shape); adapter_config.json names \(ids) tokens, and the base's "
        + "'\(base.name)' is \(base.shape)",
      file: file, tensor: spec.name, remedy: otherBase)
  }

  static func tokenOutOfRange(_ id: Int, base: TensorSpec, file: String) -> Self {
    Self(
      .adapterShape, "names token \(id), and '\(base.name)' of the base has \(base.rowCount) rows",
      file: file, remedy: "The vocabulary was grown in training; grow the base's first")
  }

  static func tokenTwice(_ id: Int, file: String) -> Self {
    Self(.invalidAdapterConfig, "names token \(id) twice among the trained tokens", file: file)
  }

  static func tokensMissing(_ module: String, file: String) -> Self {
    Self(
      .incompleteAdapter,
      "says that rows of \(module) were trained, and they are not in the file", file: file,
      remedy: "The save is incomplete; save the adapter again")
  }

  static func projectionsMissing(file: String) -> Self {
    Self(
      .incompleteAdapter,
      "has no vera_A and vera_B, and its configuration does not say by projection_prng_key how to "
        + "draw them again",
      file: file, remedy: "Save it with PEFT and save_projection=True")
  }

  static func taskUnknown(file: String) -> Self {
    Self(
      .incompleteAdapter,
      "'task_type' is null and the adapter holds no head: if it was trained on a classifier or reward "
        + "model, PEFT did not save the head",
      file: file,
      remedy: "For a language model this is in order; set task_type to CAUSAL_LM to say so")
  }

  static func replacementShape(_ spec: TensorSpec, base: TensorSpec, file: String) -> Self {
    let isVocabulary = spec.shape.dropFirst() == base.shape.dropFirst()
    return Self(
      .adapterShape, "has shape \(spec.shape), and the base's '\(base.name)' has \(base.shape)",
      file: file, tensor: spec.name,
      remedy: isVocabulary
        ? "The rows were resized in training (new tokens, other labels); resize the base first"
        : otherBase)
  }

  // MARK: Completeness

  static func targetsMissing(_ names: [String], of total: Int, file: String) -> Self {
    Self(
      .incompleteAdapter,
      "holds pairs for \(total - names.count) of the \(total) modules that target_modules means; "
        + "missing: \(listing(names, limit: 3))",
      file: file, remedy: "The save is incomplete, or the base has more layers than the trained one"
    )
  }

  static func biasesMissing(_ names: [String], file: String) -> Self {
    Self(
      .incompleteAdapter, "lacks trained biases: \(listing(names, limit: 3))", file: file,
      remedy: "The save is incomplete; save the adapter again")
  }

  static func savedModuleMissing(_ module: String, file: String) -> Self {
    Self(
      .incompleteAdapter, "modules_to_save names '\(module)', and its weights are not in the file",
      file: file, remedy: "The save is incomplete; save the adapter again")
  }

  static func savedHeadMissing(_ names: [String], file: String) -> Self {
    Self(
      .incompleteAdapter,
      "says that the head (\(names.joined(separator: " or "))) was trained, and its weights are not "
        + "in the file",
      file: file,
      remedy: "Without them every reward is noise: take the adapter from a checkpoint that has "
        + "them, or train again")
  }

  // MARK: Values

  static func nonFinite(_ count: Int, tensor: String, file: String) -> Self {
    Self(
      .nonFinite, "holds \(count) values that are NaN or infinite", file: file, tensor: tensor,
      remedy: "The training run diverged; take an earlier checkpoint")
  }

  static func noEffect(file: String) -> Self {
    Self(
      .noEffect, "is as it was before training: this adapter changes nothing", file: file,
      remedy: "It was saved before training, or training did not reach it")
  }

  static func unitScale(tensor: String, file: String) -> Self {
    Self(.zeroRows, "is all ones: scaling by it changes nothing", file: file, tensor: tensor)
  }

  static func zeroFactor(tensor: String, file: String) -> Self {
    Self(.zeroRows, "is zero: this pair changes nothing", file: file, tensor: tensor)
  }

  static func zeroRows(_ count: Int, of total: Int, tensor: String, file: String) -> Self {
    Self(
      .zeroRows, "\(count) of \(total) rows are zero", file: file, tensor: tensor,
      remedy: 2 * count >= total ? "Only one rank's share may have been saved. " + gather : nil)
  }
}

extension GraftError {
  static func vocabularyDisagrees(_ sizes: VocabularySizes, adapter: String) -> Self {
    Self(
      .vocabularyMismatch,
      "cannot be merged into a model that works: of the result's vocabulary, \(sizes)",
      file: adapter,
      remedy:
        "The embeddings of the training run were not saved with the adapter, or the tokenizer "
        + "beside it is of another run; save both (modules_to_save: [embed_tokens, lm_head])")
  }

  static func vocabularyResized(from rows: Int, to newRows: Int, adapter: String) -> Self {
    Self(
      .vocabularyMismatch,
      "brings embeddings of \(newRows) rows; the base's \(rows) are replaced and vocab_size follows",
      file: adapter)
  }

  static func newTokensUnnamed(_ sizes: VocabularySizes, adapter: String) -> Self {
    Self(
      .vocabularyMismatch,
      "has no tokenizer beside it that names the added tokens; of the vocabulary, \(sizes)",
      file: adapter, remedy: "Put the training run's tokenizer files into the adapter's directory")
  }
}
