import Checkpoint
public import Diagnostics
import StrictJSON
import TensorCore

extension GraftError.Code {
  /// A reward model's head is nowhere to be found.
  public static let headMissing = Self("head-missing", .checkFailed)
  /// A head is there in a form that must be converted before it is used so.
  public static let headUnsupported = Self("head-unsupported", .input)
  /// A head's shape and config.json disagree.
  public static let headMismatch = Self("head-mismatch", .input)
  /// There are several heads and no rule to choose.
  public static let headAmbiguous = Self("head-ambiguous", .input)
  /// A head was drawn and never trained.
  public static let headFresh = Self("head-fresh", .checkFailed)
  /// A head exists where a new one would go.
  public static let headExists = Self("head-exists", .input)
  /// A module's name is malformed.
  public static let headName = Self("head-name", .usage)
  /// What config.json declares about a head is malformed.
  public static let headDeclaration = Self("head-declaration", .input)
}

extension GraftError {
  package static func headMissing(_ directory: String, candidates: [String]) -> Self {
    let place =
      candidates.isEmpty
      ? "name the checkpoint or adapter that has it (none is near this directory)"
      : "it may be in \(candidates.joined(separator: " or ")); merge that adapter, or name it"
    return Self(
      .headMissing,
      "has no head: no score.weight, under no known name, and no value_head.safetensors; "
        + "transformers would start a random one and its rewards would be noise",
      file: directory,
      remedy: "Three ways out: \(place); start a new one with 'graft head init' and train it; "
        + "or use the model as a causal model")
  }

  static func headNotConverted(
    _ head: Head, directory: String, lacking missing: String? = nil
  ) -> Self {
    var size = "a head of \(head.labelCount) x \(head.hiddenSize)"
    if let missing { size += " in a language model without \(missing)," }
    guard !head.isStacked else {
      return Self(
        .headUnsupported,
        "is \(size) in \(head.inner.count + 1) layers, with activations that no file names; "
          + "transformers looks for score.weight only and would start a random one",
        file: head.weight.file, tensor: head.weight.spec.name,
        remedy: "Use it with the modelling code that it came with, or say what stands between the "
          + "layers: 'graft head convert --activation none --to score' makes them one, "
          + "'--activation relu --to reward-model' makes them the head of Qwen's reward models. "
          + "'graft head rename' and merges carry them along")
    }
    return Self(
      .headUnsupported,
      "is \(size) as \(head.kind.writer) stores it; transformers looks for score.weight only and "
        + "would start a random one",
      file: head.weight.file, tensor: head.weight.spec.name,
      remedy: "Convert it: graft head convert \(directory) --to score -o OUTPUT")
  }

  static func headAmbiguous(_ heads: [Head], directory: String) -> Self {
    let names = heads.map { "\($0.name) (\($0.place))" }.joined(separator: ", ")
    return Self(
      .headAmbiguous, "has several heads, and nothing says which counts: \(names)",
      file: directory, remedy: "Name one with --head-name")
  }

  package static func headFresh(_ config: String) -> Self {
    Self(
      .headFresh, "says that the head was drawn and never trained (graft_head.fresh)", file: config,
      remedy: "Its scores are noise; train it with 'graft train', or pass --allow-fresh-head to "
        + "score with it all the same")
  }

  static func headBias(_ bias: any TensorSource) -> Self {
    Self(
      .headUnsupported,
      "is a bias of the score head, which transformers' sequence classifiers have no place for",
      file: bias.file, tensor: bias.spec.name,
      remedy: "It shifts all rewards alike; 'graft head convert --to score' keeps it as a declared "
        + "offset, --to token-classifier as a bias")
  }

  static func headWidth(_ spec: TensorSpec, hidden: Int, file: String) -> Self {
    Self(
      .headMismatch, "has shape \(spec.shape); hidden_size is \(hidden)", file: file,
      tensor: spec.name, remedy: "The head is of another model")
  }

  static func headLabels(
    _ spec: TensorSpec, config: Int, isDeclared: Bool, file: String
  ) -> Self {
    let rows = spec.shape.first ?? 0
    let reason =
      isDeclared
      ? "id2label names \(config)"
      : "id2label is absent, which transformers takes for \(config)"
    return Self(
      .headMismatch, "has \(rows) rows, one per label; \(reason)", file: file, tensor: spec.name,
      remedy: rows == 1
        ? #"Set "id2label": {"0": "LABEL_0"}; otherwise the head cannot be loaded"#
        : "Give id2label \(rows) entries; otherwise the head cannot be loaded")
  }

  static func offsetLabels(_ count: Int, labels: Int, file: String) -> Self {
    Self(
      .headMismatch, "declares an offset of \(count) numbers for a head of \(labels) labels",
      file: file)
  }

  static func declaration(_ value: JSONValue, file: String) -> Self {
    Self(
      .headDeclaration, "'\(HeadDeclaration.key)' holds \(value.text()), which is no declaration",
      file: file)
  }

  static func normalizationIncomplete(_ file: String) -> Self {
    Self(
      .headDeclaration,
      "asks for normalised rewards (normalize_reward), and lacks the numbers 'mean' and 'std'",
      file: file, remedy: "Set normalize_reward to false, or give both")
  }

  static func normalizationInvalid(mean: Double, deviation: Double, file: String) -> Self {
    Self(
      .headDeclaration,
      "asks for rewards (r - \(mean)) / \(deviation), which are no numbers", file: file,
      remedy: "Set normalize_reward to false")
  }

  static func headExists(_ head: Head) -> Self {
    Self(
      .headExists, "is a head already, and no head is ever overwritten",
      file: head.weight.file, tensor: head.weight.spec.name,
      remedy: "Convert it with 'graft head convert', or rename it with 'graft head rename'")
  }

  static func headForm(_ form: String, _ reason: String, file: String) -> Self {
    Self(.headUnsupported, "the form '\(form)' \(reason)", file: file)
  }

  package static func headStackedForm(_ head: Head, form: String) -> Self {
    Self(
      .headUnsupported,
      "is the last of \(head.inner.count + 1) layers; the form '\(form)' holds one",
      file: head.weight.file, tensor: head.weight.spec.name,
      remedy: "Layers with activations between them make no single matrix; 'graft head rename' "
        + "gives the module another name")
  }

  static func activationUnknown(_ head: Head, form: String) -> Self {
    Self(
      .headUnsupported,
      "is the last of \(head.inner.count + 1) layers, and no file says what stands between them; "
        + "the form '\(form)' depends on it",
      file: head.weight.file, tensor: head.weight.spec.name,
      remedy: "Look at the code of the model's class, and say it: --activation none makes one "
        + "matrix of the layers, --activation relu goes with --to reward-model. 'graft head "
        + "rename' gives the module another name and needs neither")
  }

  static func headActivated(_ head: Head, _ activation: HeadActivation, form: String) -> Self {
    Self(
      .headUnsupported,
      "is the last of \(head.inner.count + 1) layers with '\(activation)' between them, which no "
        + "single matrix equals; the form '\(form)' holds one",
      file: head.weight.file, tensor: head.weight.spec.name,
      remedy: activation == .relu
        ? "Use --to reward-model, which holds both layers, or 'graft head rename'"
        : "Keep the modelling code that it came with; 'graft head rename' gives the module another "
          + "name")
  }

  static func activationContradicted(_ activation: HeadActivation, config: String) -> Self {
    Self(
      .headUnsupported,
      "names a class whose head has a ReLU between its layers; --activation says "
        + "'\(activation)'", file: config, remedy: "Leave out --activation")
  }

  static func activationWithoutLayers(_ head: Head) -> Self {
    Self(
      .headUnsupported, "is the only layer of the head; --activation says what stands between two",
      file: head.weight.file, tensor: head.weight.spec.name, remedy: "Leave out --activation")
  }

  static func headLayersDoNotFit(_ tensor: any TensorSource, expected: Int) -> Self {
    Self(
      .headMismatch,
      "has shape \(tensor.spec.shape); the layer after it takes \(expected) numbers",
      file: tensor.file, tensor: tensor.spec.name,
      remedy: "The numbers in the layers' names are not their order; use 'graft head rename'")
  }

  static func rewardModelClassUnknown(_ family: String, file: String) -> Self {
    Self(
      .headUnsupported,
      "is of the family '\(family)', which has no class whose head is two layers; Qwen 2 has "
        + "(Qwen2ForRewardModel)",
      file: file,
      remedy: "If you have the code of such a class, give the family's part of its name, as in "
        + "--class-name Llama; else 'graft head rename' carries the layers")
  }

  static func offsetBesideBias(_ head: Head, file: String) -> Self {
    Self(
      .headDeclaration, "declares an offset for a head that has a bias of its own (\(head.place))",
      file: file, remedy: "Remove the one that is stale")
  }

  static func offsetRefused(_ bias: any TensorSource, form: String) -> Self {
    Self(
      .headUnsupported, "is a bias, and the form '\(form)' has no place for it", file: bias.file,
      tensor: bias.spec.name,
      remedy: "Leave out --no-offset to declare it in config.json, or choose token-classifier")
  }

  static func biasNotFinite(_ bias: any TensorSource) -> Self {
    Self(
      .headUnsupported, "holds NaN or infinity", file: bias.file, tensor: bias.spec.name,
      remedy: "The head is broken; take it from an earlier checkpoint")
  }

  static func outputMatrixMissing(_ directory: String, form: String) -> Self {
    Self(
      .headUnsupported,
      "has no output matrix (lm_head) and its embeddings are not tied; the form '\(form)' is a "
        + "language model and needs one",
      file: directory,
      remedy: "Name the model that it was trained from: --lm-head-from BASE")
  }

  static func outputMatrixNotThere(_ directory: String, tensor: String) -> Self {
    Self(
      .headUnsupported, "has no such tensor to take", file: directory, tensor: tensor,
      remedy: "Name the language model that this one was trained from")
  }

  static func outputMatrixShape(_ matrix: any TensorSource, expected: [Int]) -> Self {
    Self(
      .headMismatch, "has shape \(matrix.spec.shape); vocab_size and hidden_size say \(expected)",
      file: matrix.file, tensor: matrix.spec.name,
      remedy: "Name the language model that this one was trained from")
  }

  static func classUnknown(_ config: String) -> Self {
    Self(
      .headUnsupported, "names no class whose family is known", file: config,
      remedy: "Give the family's part of the class name, as in --class-name Llama")
  }

  static func adapterChangesOutput(_ tensor: any TensorSource) -> Self {
    Self(
      .headUnsupported, "changes the output matrix, which a classifier does not have",
      file: tensor.file, tensor: tensor.spec.name,
      remedy: "Merge the adapter first, then convert the head of the merged model")
  }

  static func headNameMissing(_ name: String, found: [Head], directory: String) -> Self {
    let names = found.map(\.kind.module).joined(separator: ", ")
    return Self(
      .headMissing, "has no head named '\(name)'", file: directory,
      remedy: names.isEmpty ? nil : "It has \(names)")
  }

  static func headNameInvalid(_ name: String) -> Self {
    Self(
      .headName, "'\(name)' is no module name",
      remedy: "Use letters, digits, underscores and dots between them")
  }

  static func notAnObject(_ value: JSONValue, file: String) -> Self {
    Self(.headDeclaration, "holds \(value.kindName) where an object is expected", file: file)
  }
}
