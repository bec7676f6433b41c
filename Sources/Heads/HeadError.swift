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
  /// What config.json declares about a head is malformed.
  public static let headDeclaration = Self("head-declaration", .input)
}

extension GraftError {
  static func headMissing(_ directory: String, candidates: [String]) -> Self {
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

  static func headNotConverted(_ head: Head, directory: String) -> Self {
    let size = "a head of \(head.labelCount) x \(head.hiddenSize)"
    guard !head.isStacked else {
      return Self(
        .headUnsupported,
        "is \(size) in \(head.inner.count + 1) layers, with activations that no file names; "
          + "transformers looks for score.weight only and would start a random one",
        file: head.weight.file, tensor: head.weight.spec.name,
        remedy: "Use it with the modelling code that it came with; 'graft head rename' and merges "
          + "carry it along")
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

  static func headFresh(_ config: String) -> Self {
    Self(
      .headFresh, "says that the head was drawn and never trained (graft_head.fresh)", file: config,
      remedy: "Its scores are noise; train it with 'graft train'")
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
}
