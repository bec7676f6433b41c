import Checkpoint
public import Diagnostics
import TensorCore

extension GraftError.Code {
  /// An adapter that another program wrote cannot be read as one of PEFT's.
  public static let unsupportedDialect = Self("unsupported-dialect", .input)
  /// A format of adapters cannot hold something that this one has.
  public static let dialectCannotHold = Self("dialect-cannot-hold", .input)
  /// Reading or writing an adapter needs its base.
  public static let baseNeeded = Self("base-needed", .usage)
}

extension GraftError {
  // MARK: MLX

  static func mlxFullTuning(_ file: String) -> Self {
    Self(
      .unsupportedDialect, "fine_tune_type is 'full': the file holds whole weights, no adapter",
      file: file, remedy: "Fuse it with mlx_lm.fuse, then 'graft extract' makes an adapter of it")
  }

  static func mlxTuningType(_ found: String, file: String) -> Self {
    Self(
      .unsupportedDialect, "fine_tune_type is '\(found)'; 'lora' and 'dora' can be read",
      file: file)
  }

  static func mlxKey(_ key: String, expected: String, file: String) -> Self {
    Self(
      .invalidAdapterConfig, "'\(key)' is missing or is no \(expected)", file: file,
      remedy: "It is the adapter_config.json that mlx_lm.lora writes beside adapters.safetensors")
  }

  static func mlxTensor(_ spec: TensorSpec, file: String) -> Self {
    Self(
      .unsupportedDialect,
      "has shape \(spec.shape); a matrix lora_a or lora_b, or a vector m, was expected",
      file: file, tensor: spec.name,
      remedy: "Factors of fused experts (three axes) are not read")
  }

  static func mlxIncomplete(_ missing: [String], file: String) -> Self {
    Self(
      .incompleteAdapter,
      "lacks \(missing.count) of the tensors that its configuration promises, such as \(missing[0])",
      file: file, remedy: "Copy the whole adapter again from where it was trained")
  }

  static func mlxMagnitude(_ tensor: String, file: String) -> Self {
    Self(
      .unsupportedDialect, "is a DoRA magnitude, and fine_tune_type is 'lora'", file: file,
      tensor: tensor)
  }

  // MARK: GGUF

  static func ggufIsModel(_ file: String) -> Self {
    Self(
      .unsupportedDialect, "is a GGUF file of a whole model, not of an adapter", file: file,
      remedy: "Convert it first: graft convert \(file) -o DIRECTORY")
  }

  static func ggufAdapterType(_ found: String, file: String) -> Self {
    Self(.unsupportedDialect, "adapter.type is '\(found)'; 'lora' can be read", file: file)
  }

  static func ggufActivated(_ file: String) -> Self {
    Self(
      .unsupportedAdapter,
      "has adapter.alora.invocation_tokens: an activated LoRA acts on some tokens only, which no "
        + "merged weight can",
      file: file)
  }

  static func ggufFamily(_ found: String, file: String) -> Self {
    let known = GGUFFamily.adapters.map(\.name).joined(separator: ", ")
    return Self(
      .unsupportedDialect, "is for the architecture '\(found)'; \(known) are known", file: file)
  }

  static func ggufTensor(_ name: String, file: String) -> Self {
    Self(
      .unsupportedDialect, "has no Hugging Face name in this architecture", file: file, tensor: name
    )
  }

  static func ggufBaseNeeded(_ file: String) -> Self {
    Self(
      .baseNeeded,
      "keeps the rows of q_proj and k_proj in llama.cpp's order; putting them back needs the "
        + "number of heads of the base",
      file: file, remedy: "Name the base too (--base)")
  }

  static func ggufHeads(_ spec: TensorSpec, head: Int, file: String) -> Self {
    Self(
      .adapterShape, "has \(spec.rowCount) rows, which heads of \(head) do not fill", file: file,
      tensor: spec.name, remedy: otherBase)
  }

  static func ggufAlpha(_ alpha: Double, file: String) -> Self {
    Self(.invalidAdapterConfig, "adapter.lora.alpha is \(alpha)", file: file)
  }

  static func ggufOtherBase(_ found: String, base: String, file: String) -> Self {
    Self(
      .adapterMismatch, "is for the architecture '\(found)', and the base is '\(base)'", file: file,
      remedy: otherBase)
  }

  private static let otherBase = "Is this the base that the adapter was trained on?"

  // MARK: Writing

  static func cannotHold(
    _ dialect: AdapterDialect, _ tensor: String, _ what: String, file: String
  ) -> Self {
    Self(
      .dialectCannotHold, "\(what), which \(dialect.words) cannot hold", file: file, tensor: tensor,
      remedy: "Merge it into the base instead: graft merge")
  }

  static func dialectNeedsBase(_ dialect: AdapterDialect, _ why: String) -> Self {
    Self(.baseNeeded, "to write \(dialect.words), \(why)", remedy: "Name the base with --base")
  }

  static func dialectFamily(_ type: String, file: String) -> Self {
    Self(
      .dialectCannotHold, "model_type '\(type)' has no architecture in GGUF that is known here",
      file: file)
  }
}
