import Checkpoint
public import Diagnostics
import Tokenization

extension GraftError.Code {
  /// A GGUF file holds a kind of model that cannot be converted.
  public static let unsupportedGGUF = Self("unsupported-gguf", .input)
  /// A GGUF file does not store something that the output needs.
  public static let notDerivable = Self("not-derivable", .input)
  /// A GGUF file's tokenizer cannot be rebuilt exactly.
  public static let unsupportedTokenizer = Self("unsupported-tokenizer", .input)
  /// A number is infinite or NaN, or would become so.
  public static let nonFinite = Self("non-finite", .input)
  /// An output type that weights are not written in.
  public static let unsupportedOutputType = Self("unsupported-output-type", .usage)
}

extension GraftError {
  private static let useCheckpoint =
    "Use the model's own safetensors checkpoint instead of a GGUF file"

  static func unsupportedArchitecture(_ found: String, file: String) -> Self {
    let known = GGUFFamily.all.map(\.name).joined(separator: ", ")
    return Self(
      .unsupportedGGUF, "holds the architecture '\(found)'; '\(known)' can be converted",
      file: file, remedy: useCheckpoint)
  }

  static func unsupportedKind(_ found: String, file: String) -> Self {
    Self(
      .unsupportedGGUF, "holds \(found), not a whole language model", file: file,
      remedy: "Name the file of the model itself")
  }

  static func splitFile(parts: Int, file: String) -> Self {
    Self(
      .unsupportedGGUF, "is one of \(parts) parts of a model", file: file,
      remedy: "Join them first with 'llama-gguf-split --merge'")
  }

  static func unsupportedFeature(_ key: String, is value: String, file: String) -> Self {
    Self(
      .unsupportedGGUF, "'\(key)' is \(value), which the converter does not carry over",
      file: file, remedy: useCheckpoint)
  }

  static func rotaryFactorsUnknown(_ tensor: String, file: String) -> Self {
    Self(
      .notDerivable,
      "holds rotary frequency factors that no known llama3 scaling gives, and a GGUF file does "
        + "not store the parameters that config.json needs",
      file: file, tensor: tensor, remedy: useCheckpoint)
  }

  static func tokenizerModel(_ found: String, file: String) -> Self {
    Self(
      .unsupportedTokenizer,
      "tokenizer.ggml.model is '\(found)'; 'gpt2' (byte-level BPE) can be rebuilt", file: file,
      remedy: useCheckpoint)
  }

  static func preTokenizer(_ found: String?, file: String) -> Self {
    let known = ByteLevelCutting.all.map { "'\($0.names[0])'" }.joined(separator: ", ")
    let what = found.map { "tokenizer.ggml.pre is '\($0)'" } ?? "tokenizer.ggml.pre is missing"
    return Self(
      .unsupportedTokenizer,
      "\(what), and its rules for splitting text are not known here (known: \(known))",
      file: file, remedy: useCheckpoint)
  }

  static func tokenizerInvalid(_ what: String, file: String) -> Self {
    Self(
      .unsupportedTokenizer, what, file: file, remedy: "Convert the model to GGUF again")
  }

  static func tensorShape(
    _ tensor: String, found: [Int], expected: [Int], file: String
  ) -> Self {
    Self(
      .shapeMismatch, "has shape \(found); the metadata say \(expected)", file: file,
      tensor: tensor)
  }

  static func nonFinite(_ tensor: String, file: String) -> Self {
    Self(
      .nonFinite, "holds a NaN or an infinity", file: file, tensor: tensor,
      remedy: "The checkpoint is damaged; take another one")
  }

  static func tooLarge(_ tensor: String, for type: String, file: String) -> Self {
    Self(
      .nonFinite, "holds a number that is infinite as \(type)", file: file, tensor: tensor,
      remedy: "Convert to bf16 or f32")
  }

  static func unsupportedOutputType(_ name: String) -> Self {
    Self(.unsupportedOutputType, "weights are written as f32, f16 or bf16, not as \(name)")
  }
}
