public import Diagnostics
import TensorCore

extension GraftError.Code {
  /// A weight has a type that an adapter cannot be added to.
  public static let cannotMerge = Self("cannot-merge", .input)
  /// A merged number is NaN, infinite, or beyond the output's type.
  public static let outOfRange = Self("out-of-range", .checkFailed)
  /// An adapter changes nothing.
  public static let mergeWithoutEffect = Self("merge-without-effect", .checkFailed)
  /// The adapter is in the base already.
  public static let alreadyMerged = Self("already-merged", .checkFailed)
  /// The adapter changes an embedding that the output matrix is tied to.
  public static let tiedEmbeddingChanged = Self("tied-embedding-changed", .input)
}

extension GraftError {
  static func cannotMerge(into spec: TensorSpec, file: String) -> Self {
    Self(
      .cannotMerge,
      "is \(spec.dtype.rawValue); an adapter can be added to F32, F16 and BF16 weights",
      file: file, tensor: spec.name, remedy: "Convert the base with 'graft convert --dtype' first")
  }

  static func storedTransposed(_ tensor: String, file: String) -> Self {
    Self(
      .cannotMerge, "is stored [in, out]; adapters are added to weights stored [out, in] only",
      file: file, tensor: tensor)
  }

  static func quantisedBase(_ file: String) -> Self {
    Self(
      .cannotMerge, "has a quantization_config; adding to quantised weights loses the update",
      file: file, remedy: "Merge into the unquantised base model that was quantised")
  }

  static func outOfRange(_ value: Float, _ spec: TensorSpec, file: String) -> Self {
    Self(
      .outOfRange, "would hold \(value), which \(spec.dtype.rawValue) cannot", file: file,
      tensor: spec.name,
      remedy: value.isNaN
        ? "Base or adapter hold NaN; check both with 'graft inspect'"
        : "Pass --dtype bf16 or f32")
  }

  static func mergeWithoutEffect(_ adapter: String) -> Self {
    Self(
      .mergeWithoutEffect, "changes no weight: every product B·A is zero", file: adapter,
      remedy: "The adapter was never trained, or its weights were lost on saving; "
        + "pass --allow-no-effect to merge it all the same")
  }

  static func alreadyMerged(_ adapter: String, base: String) -> Self {
    Self(
      .alreadyMerged,
      "holds this adapter already, by its graft.json; merging \(adapter) again would add it twice",
      file: base, remedy: "Name the base that the adapter was trained on")
  }

  static func tiedEmbeddingChanged(_ tensor: String, adapter: String) -> Self {
    Self(
      .tiedEmbeddingChanged,
      "is tied to the output matrix, which would change with it; the adapter was trained on the "
        + "embedding alone",
      file: adapter, tensor: tensor,
      remedy: "Untie the base (save lm_head.weight, tie_word_embeddings: false) before merging")
  }

  static func deltaHasNoPlace(_ tensor: String, adapter: String) -> Self {
    Self(
      .cannotMerge, "is changed by the adapter, but the merged model has no such tensor",
      file: adapter, tensor: tensor)
  }
}
