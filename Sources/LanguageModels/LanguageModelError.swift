public import Diagnostics
import TensorCore

extension GraftError.Code {
  /// A model's parameters are not what its configuration says.
  public static let modelParameter = Self("model-parameter", .input)
  /// A model's configuration asks for something that is not built.
  public static let modelUnsupported = Self("model-unsupported", .input)
  /// A batch holds a sequence that cannot be run.
  public static let badSequence = Self("bad-sequence", .input)
  /// LoRA settings do not fit the model.
  public static let loraSettings = Self("lora-settings", .usage)
}

extension GraftError {
  static func parameterMissing(_ name: String) -> Self {
    Self(.modelParameter, "the model needs this parameter and was not given it", tensor: name)
  }

  static func parameterUnexpected(_ names: [String]) -> Self {
    Self(
      .modelParameter,
      "\(names.count) parameters have no place in the model: "
        + names.prefix(5).joined(separator: ", ") + (names.count > 5 ? ", ..." : ""))
  }

  static func parameterShape(_ name: String, found: [Int], expected: [Int]) -> Self {
    Self(.modelParameter, "has shape \(found), the config says \(expected)", tensor: name)
  }

  static func unsupported(
    _ key: String, _ value: String, known: String, file: String
  ) -> Self {
    Self(.modelUnsupported, "\(key) is \(value); known: \(known)", file: file)
  }

  static func rotaryParameter(_ key: String, type: String, file: String) -> Self {
    Self(
      .modelUnsupported, "rope type \(type) needs a positive number \(key)", file: file)
  }

  static func adapterTarget(_ target: String, file: String) -> Self {
    Self(
      .modelUnsupported,
      "the adapter changes a tensor that is no linear layer of the decoder", file: file,
      tensor: target, remedy: "Merge the adapter first, then load the merged model")
  }

  static func changeNotLive(_ target: String, _ how: [String], file: String) -> Self {
    Self(
      .modelUnsupported,
      "the adapter makes this \(how.joined(separator: ", then ")); only plain LoRA on a linear layer "
        + "runs unmerged",
      file: file, tensor: target, remedy: "Merge the adapter first, then load the merged model")
  }

  static func notFloating(_ spec: TensorSpec, file: String) -> Self {
    Self(
      .modelUnsupported, "is stored as \(spec.dtype.rawValue), which cannot be computed with",
      file: file, tensor: spec.name)
  }

  static func familyNotBuilt(_ type: String, file: String) -> Self {
    Self(.modelUnsupported, "models of type \(type) cannot be run; known: llama", file: file)
  }

  static func computingType(_ dtype: DType) -> Self {
    Self(.modelUnsupported, "cannot compute in \(dtype.torchName); known: float32, bfloat16")
  }

  static func emptySequence(_ index: Int) -> Self {
    Self(.badSequence, "sequence \(index) of the batch has no token")
  }

  static func tokenOutOfRange(_ token: Int32, vocabulary: Int) -> Self {
    Self(
      .badSequence, "token \(token) is not in the model's vocabulary of \(vocabulary)",
      remedy: "Check that tokenizer and model belong together")
  }

  static func loraRank(_ rank: Int) -> Self {
    Self(.loraSettings, "LoRA rank is \(rank), it must be at least 1")
  }

  static func loraDropout(_ dropout: Double) -> Self {
    Self(.loraSettings, "LoRA dropout is \(dropout), it must be at least 0 and below 1")
  }

  static func loraTarget(_ name: String, known: [String]) -> Self {
    Self(
      .loraSettings, "LoRA target \(name) is no linear layer of the model",
      remedy: "Choose from " + (["all"] + known).joined(separator: ", "))
  }
}
