import Checkpoint
public import Diagnostics
import TensorCore

extension GraftError.Code {
  /// A merged weight is not base + scale · B · A.
  public static let updateWrong = Self("update-wrong", .checkFailed)
  /// A tensor that no adapter targets differs from the base's.
  public static let keptChanged = Self("kept-changed", .checkFailed)
  /// A head or another replaced tensor differs from the adapter's.
  public static let replacementWrong = Self("replacement-wrong", .checkFailed)
  /// The merged model lacks a tensor.
  public static let mergedLacks = Self("merged-lacks", .checkFailed)
  /// The merged model has a tensor of no origin.
  public static let mergedExtra = Self("merged-extra", .checkFailed)
  /// A merged tensor has another shape than its origin.
  public static let mergedShape = Self("merged-shape", .checkFailed)
  /// The merged model holds NaN or infinity.
  public static let mergedNotFinite = Self("merged-not-finite", .checkFailed)
  /// The merged model is the base.
  public static let sameAsBase = Self("same-as-base", .checkFailed)
  /// An update is too small for the stored type to show.
  public static let updateInvisible = Self("update-invisible", .checkFailed)
  /// Many elements are a unit in the last place off.
  public static let roundedTwice = Self("rounded-twice", .checkFailed)
  /// A tensor is of a type that cannot be compared by value.
  public static let notComparable = Self("not-comparable", .input)
}

extension GraftError.Code {
  /// A directory has no graft.json.
  public static let noProvenance = Self("no-provenance", .input)
  /// A graft.json is not one that Graft writes.
  public static let notProvenance = Self("not-provenance", .input)
  /// An output is not as graft.json recorded it.
  public static let outputChanged = Self("output-changed", .checkFailed)
  /// An output that graft.json lists is not there.
  public static let outputGone = Self("output-gone", .checkFailed)
  /// A file is there that graft.json does not list.
  public static let outputNotListed = Self("output-not-listed", .checkFailed)
  /// An input is not as graft.json recorded it.
  public static let inputChanged = Self("input-changed", .checkFailed)
  /// A tensor and its recorded origin do not fit.
  public static let originUnclear = Self("origin-unclear", .checkFailed)
}

extension GraftError {
  static func noProvenance(_ path: String, record: String) -> Self {
    Self(
      .noProvenance, "has no \(record) to check it by", file: path,
      remedy: "Name two checkpoints to compare them, or base, merged model and adapter")
  }

  static func notProvenance(_ file: String) -> Self {
    Self(.notProvenance, "is not a record that Graft wrote", file: file)
  }

  static func outputChanged(_ path: String) -> Self {
    Self(
      .outputChanged, "is not what was written: its size or SHA-256 differs from graft.json's",
      file: path, remedy: "Make it again, or compare it with the base by 'graft verify A B'")
  }

  static func outputGone(_ path: String) -> Self {
    Self(.outputGone, "is listed in graft.json, but is not there", file: path)
  }

  static func outputNotListed(_ path: String) -> Self {
    Self(.outputNotListed, "is there, but graft.json does not list it", file: path)
  }

  static func inputChanged(_ path: String) -> Self {
    Self(
      .inputChanged, "was an input, and differs now from what graft.json recorded", file: path,
      remedy: "The output is still what was made; it cannot be made again from this file")
  }

  static func inputsGone(_ count: Int, _ first: String) -> Self {
    Self(
      .inputChanged,
      count == 1
        ? "was an input and is no longer there"
        : "was an input and is no longer there, as \(count - 1) more", file: first)
  }

  static func tensorWithoutOrigin(_ name: String, file: String) -> Self {
    Self(.originUnclear, "has no origin in graft.json", file: file, tensor: name)
  }

  static func originWithoutTensor(_ name: String, file: String) -> Self {
    Self(
      .originUnclear, "has an origin in graft.json, but no weight file holds it", file: file,
      tensor: name)
  }

  static func originNotAnInput(_ origin: String, tensor: String, file: String) -> Self {
    Self(
      .originUnclear, "comes from \(origin), which graft.json does not list as an input",
      file: file, tensor: tensor)
  }

  static func updateWrong(_ proof: TensorProof, file: String) -> Self {
    let kept = proof.changedCount == 0 ? "; it is the base's, unchanged" : ""
    return Self(
      .updateWrong,
      "\(proof.wrongCount) of \(proof.elementCount) elements are not base + scale·B·A"
        + example(proof) + kept,
      file: file, tensor: proof.name,
      remedy: "Merge again, with this base and this adapter")
  }

  static func keptChanged(_ proof: TensorProof, file: String) -> Self {
    Self(
      .keptChanged,
      "\(proof.wrongCount) of \(proof.elementCount) elements differ from the base, and no adapter "
        + "tensor targets it" + example(proof),
      file: file, tensor: proof.name, remedy: "It was merged from another base, or altered since")
  }

  static func replacementWrong(_ proof: TensorProof, file: String) -> Self {
    Self(
      .replacementWrong,
      "\(proof.wrongCount) of \(proof.elementCount) elements differ from the adapter's trained "
        + "tensor" + example(proof),
      file: file, tensor: proof.name, remedy: "The head may have been initialised afresh on loading"
    )
  }

  private static func example(_ proof: TensorProof) -> String {
    guard let wrong = proof.firstWrong else { return "" }
    return " (first at [\(wrong.row), \(wrong.column)]: \(wrong.found), expected \(wrong.expected))"
  }

  static func mergedLacks(_ name: String, file: String) -> Self {
    Self(.mergedLacks, "is not in the merged model", file: file, tensor: name)
  }

  static func mergedExtra(_ name: String, file: String) -> Self {
    Self(
      .mergedExtra, "is in the merged model, but neither in the base nor in the adapter",
      file: file, tensor: name)
  }

  static func mergedHasHead(_ name: String, file: String) -> Self {
    Self(
      .mergedExtra, "is a head that the base lacks; name the adapter to prove where it is from",
      file: file, tensor: name)
  }

  static func headFileDiffers(_ name: String, of origin: String, file: String) -> Self {
    Self(
      .mergedExtra, "differs from the head that it was copied from, \(origin)", file: file,
      tensor: name)
  }

  static func mergedShape(_ spec: TensorSpec, expected: [Int], file: String) -> Self {
    Self(
      .mergedShape, "has shape \(spec.shape); its origin has \(expected)", file: file,
      tensor: spec.name)
  }

  static func mergedNotFinite(_ count: Int, tensor: String, file: String) -> Self {
    Self(
      .mergedNotFinite, "holds \(count) values that are NaN or infinite", file: file,
      tensor: tensor, remedy: "A value may be too large for the stored type; merge to bf16 or f32")
  }

  static func sameAsBase(_ merged: String) -> Self {
    Self(
      .sameAsBase, "is the base: no element differs, nothing was merged", file: merged,
      remedy: "Look at the adapter with 'graft inspect'")
  }

  static func updateInvisible(_ names: [String], file: String) -> Self {
    Self(
      .updateInvisible,
      "the update is lost in rounding for \(names.count == 1 ? "1 tensor" : "\(names.count) tensors")"
        + ": \(listing(names, limit: 3))",
      file: file, remedy: "Merge to float32 if it matters")
  }

  static func roundedTwice(equal: Int, of total: Int, file: String) -> Self {
    Self(
      .roundedTwice,
      "\(total - equal) of \(total) updated elements are one unit in the last place off",
      file: file,
      remedy: "The merge rounded more than once; 'graft merge' rounds once")
  }

  static func notComparable(_ spec: TensorSpec, file: String) -> Self {
    Self(
      .notComparable, "is \(spec.dtype.rawValue); only F64, F32, F16 and BF16 can be compared",
      file: file, tensor: spec.name)
  }
}
