public import Diagnostics
import TensorCore

extension GraftError.Code {
  /// A weight has a type that an adapter cannot be added to.
  public static let cannotMerge = Self("cannot-merge", .input)
  /// A merged number is NaN, infinite, or beyond the output's type.
  public static let outOfRange = Self("out-of-range", .checkFailed)
  /// An adapter changes nothing.
  public static let mergeWithoutEffect = Self("merge-without-effect", .checkFailed)
  /// A head in a file of its own, and what becomes of it.
  public static let headCarried = Self("head-carried", .input)
  /// The adapter is in the base already.
  public static let alreadyMerged = Self("already-merged", .checkFailed)
  /// The adapter was trained on another base.
  public static let otherBase = Self("other-base", .checkFailed)
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
      .cannotMerge,
      "is stored the other way round than the adapter's shapes tell: [in, out] and [out, in] are "
        + "both possible for it, and the family's table says which",
      file: file, tensor: tensor, remedy: "Merge it with PEFT's merge_and_unload")
  }

  static func quantisedBase(_ file: String, method: String) -> Self {
    Self(
      .cannotMerge,
      "is quantised by '\(method)' (quantization_config); adding to quantised weights loses the "
        + "update",
      file: file,
      remedy:
        "Merge into the unquantised base model, or pass --dequantize to merge into the numbers "
        + "that it computes with")
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
      "is tied to the output matrix, and the adapter was trained on one of them alone",
      file: adapter, tensor: tensor,
      remedy: "Without --untie=never the merged model holds both, with tie_word_embeddings: false")
  }

  static func tiedWithinLarger(_ tensor: String, adapter: String) -> Self {
    Self(
      .tiedEmbeddingChanged,
      "is tied to the output matrix, the adapter was trained on one of them alone, and both are of "
        + "a language model within a larger one, whose class may tie them again on loading",
      file: adapter, tensor: tensor,
      remedy: "Train with ensure_weight_tying, or leave embeddings and output matrix out of the "
        + "targets")
  }

  static func untied(_ embedding: String, _ output: String, file: String) -> Self {
    Self(
      .tiedEmbeddingChanged,
      "is untied: the adapter changes one of \(embedding) and \(output) only, so both are written "
        + "and tie_word_embeddings becomes false",
      file: file)
  }

  static func decomposedLater(_ tensor: String, file: String) -> Self {
    Self(
      .cannotMerge,
      "is changed by another adapter before this one, whose magnitudes (DoRA) are for the base as it "
        + "was", file: file, tensor: tensor, remedy: "Name the adapter with DoRA first")
  }

  static func otherBase(_ adapter: String, base: String) -> Self {
    Self(
      .otherBase,
      "is not the base that \(adapter) was trained on: none of its weight files is one of those that "
        + "the adapter's graft.json names by hash",
      file: base,
      remedy: "Name that base; pass --other-base if this one holds the same weights in other files")
  }

  static func outputMissing(_ tensor: String, adapter: String) -> Self {
    Self(
      .cannotMerge, "is changed by the adapter, and the base neither has it nor ties it",
      file: adapter,
      tensor: tensor, remedy: "Is this the base that the adapter was trained on?")
  }

  static func headKept(_ file: String) -> Self {
    Self(
      .headCarried,
      "is a head in a file of its own; it goes along beside the merged model, where LLaMA-Factory "
        + "looks for it and transformers does not",
      file: file, remedy: "Pass --head score to make a sequence classifier of it")
  }

  static func headOffset(_ offset: [Double], file: String) -> Self {
    Self(
      .headCarried,
      "has the bias \(offset.map { "\($0)" }.joined(separator: ", ")), which a sequence classifier "
        + "has no place for; it is declared in config.json as graft_head.offset, which Graft adds "
        + "and other readers do not",
      file: file)
  }

  static func headNotScore(_ file: String) -> Self {
    Self(
      .headCarried, "holds no head of one layer that a sequence classifier could take", file: file,
      remedy: "Pass --head keep to carry the file along")
  }

  static func headTwice(_ file: String) -> Self {
    Self(
      .headCarried, "is a head, and an adapter holds a score of its own", file: file,
      remedy: "Pass --head keep to carry the file along")
  }

  static func deltaHasNoPlace(_ tensor: String, adapter: String) -> Self {
    Self(
      .cannotMerge, "is changed by the adapter, but the merged model has no such tensor",
      file: adapter, tensor: tensor)
  }
}
