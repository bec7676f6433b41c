import Checkpoint
public import Diagnostics
import TensorCore

extension GraftError.Code {
  /// What a merge left out or replaced cannot be computed back.
  public static let cannotUnmerge = Self("cannot-unmerge", .input)
  /// The residue of a merge is broken, or is of another merge.
  public static let residueBroken = Self("residue-broken", .input)
  /// A recovered file is not the one that was merged.
  public static let recoveredDiffers = Self("recovered-differs", .checkFailed)
}

extension GraftError {
  private static let keepIt = "Merge again with --keep-residue, from the base if there is one"

  static func residueOfForeignBase(_ file: String) -> Self {
    Self(
      .cannotUnmerge, "is no safetensors file, so that it could not be restored byte for byte",
      file: file, remedy: "Convert the base first: graft convert")
  }

  static func residueOfResized(_ adapter: String) -> Self {
    Self(
      .cannotUnmerge, "resizes the vocabulary, and a merge that does keeps no residue",
      file: adapter, remedy: "Merge without --keep-residue, and keep the base")
  }

  static func residueOfQuantisedBase(_ file: String, method: String) -> Self {
    Self(
      .cannotUnmerge,
      "is quantised by '\(method)'; a merge into it cannot be taken back bit for bit",
      file: file, remedy: "Keep the base, or merge into the unquantised model")
  }

  static func cannotSubtract(_ how: String, tensor: String, file: String) -> Self {
    Self(
      .cannotUnmerge, "was changed by '\(how)', which cannot be subtracted again", file: file,
      tensor: tensor, remedy: keepIt)
  }

  static func replacedWhole(_ names: [String], file: String) -> Self {
    Self(
      .cannotUnmerge,
      "\(names.count) tensors of the base were replaced whole, such as \(names[0]); their old "
        + "numbers are nowhere",
      file: file, remedy: keepIt)
  }

  static func leftOut(_ names: [String], file: String) -> Self {
    Self(
      .cannotUnmerge,
      "the merge left out \(names.count) tensors of the base, such as \(names[0])", file: file,
      remedy: keepIt)
  }

  static func otherMerge(_ path: String, record: String) -> Self {
    Self(
      .residueBroken, "is not what \(record) was made with", file: path,
      remedy: "Name the adapters of that merge, in their order")
  }

  static func noMergeRecord(_ directory: String) -> Self {
    Self(
      .cannotUnmerge, "has a residue and no graft.json of a merge", file: directory,
      remedy: "Restore the graft.json that 'graft merge' wrote")
  }

  static func residueBroken(_ file: String, tensor: String? = nil, _ what: String) -> Self {
    Self(.residueBroken, what, file: file, tensor: tensor, remedy: "Restore it from a copy")
  }

  static func recoveredDiffers(_ name: String, expected: String, found: String, file: String)
    -> Self
  {
    Self(
      .recoveredDiffers,
      "the recovered \(name) has SHA-256 \(found), and the merged one had \(expected)", file: file,
      remedy: "The merged model, the residue or an adapter was altered since the merge")
  }
}
