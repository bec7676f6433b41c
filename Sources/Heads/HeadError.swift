import Checkpoint
public import Diagnostics
import TensorCore

extension GraftError.Code {
  /// A reward model's head is nowhere to be found.
  public static let headMissing = Self("head-missing", .input)
  /// A head is there in a form that is not used yet.
  public static let headUnsupported = Self("head-unsupported", .input)
  /// A head's shape and config.json disagree.
  public static let headMismatch = Self("head-mismatch", .input)
}

extension GraftError {
  static func headMissing(_ directory: String) -> Self {
    Self(
      .headMissing,
      "has no head: no score.weight, under no known name, and no value_head.safetensors; "
        + "transformers would start a random one and its rewards would be noise",
      file: directory,
      remedy: "Either name the checkpoint that has the head, or merge the adapter that carries it "
        + "(modules_to_save: [score]), or train one with 'graft train'")
  }

  static func headNotConverted(_ head: Head) -> Self {
    Self(
      .headUnsupported,
      "is a head of \(head.labelCount) x \(head.hiddenSize) as \(head.kind.writer) stores it; "
        + "transformers looks for score.weight only and would start a random one",
      file: head.weight.file, tensor: head.weight.spec.name,
      remedy: "This version finds it but does not convert it")
  }

  static func headStacked(_ kind: HeadKind, directory: String) -> Self {
    Self(
      .headUnsupported, "'\(kind.module)' is a head of several layers", file: directory,
      remedy: "This version uses heads of one matrix")
  }

  static func headBias(_ bias: any TensorSource) -> Self {
    Self(
      .headUnsupported,
      "is a bias of the score head, which transformers' sequence classifiers have no place for",
      file: bias.file, tensor: bias.spec.name,
      remedy: "It shifts all rewards alike; this version does not fold it")
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
}
