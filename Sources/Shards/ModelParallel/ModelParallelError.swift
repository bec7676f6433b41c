import Diagnostics
import TensorCore

extension GraftError {
  static func partWithoutPlace(_ spec: TensorSpec, file: String) -> Self {
    Self(
      .shardingUnsupported, "is no tensor that the family's table has a place for", file: file,
      tensor: spec.name, remedy: "Convert the checkpoint with the program that wrote it")
  }

  static func partUnused(_ spec: TensorSpec, elements: Int, file: String) -> Self {
    Self(
      .shardsDisagree,
      "\(elements) of \(spec.elementCount) elements of \(spec.shape) have no "
        + "place in the whole tensors",
      file: file, tensor: spec.name,
      remedy: "The configuration may be of another model; name the right one with --base")
  }

  static func partTwice(_ spec: TensorSpec, file: String) -> Self {
    Self(
      .shardsDisagree, "has elements that would go to two places", file: file,
      tensor: spec.name)
  }

  static func rankMissing(_ path: String, ranks: Int, what: String) -> Self {
    Self(
      .shardMissing, "is not there; the checkpoint has \(ranks) \(what) ranks", file: path,
      remedy: "Copy the files of all ranks into one directory")
  }

  static func ranksUneven(_ file: String, found: String, expected: String, of other: String) -> Self
  {
    Self(
      .shardsDisagree, "\(found), but \(other) \(expected)", file: file,
      remedy: "The files are of different saves; gather those of one")
  }

  static func rankLacksTensor(_ name: String, file: String, other: String) -> Self {
    Self(
      .shardMissing, "is not in this rank's file, but in \(other)", file: file, tensor: name)
  }

  static func copiesDiffer(_ name: String, _ a: String, _ b: String) -> Self {
    Self(
      .shardsDisagree, "holds other numbers than in \(a), though every rank should have the same",
      file: b, tensor: name,
      remedy: "The files are of different saves, or the tensor is cut in a way that is not known")
  }

  static func noParallelRule(
    _ name: String, found: [Int], ranks: Int, expected: [Int], file: String
  ) -> Self {
    Self(
      .shardingUnsupported,
      "is \(found) in the first of \(ranks) ranks; neither rows, columns nor copies of that make "
        + "\(expected)",
      file: file, tensor: name,
      remedy: "The configuration may be of another model; name the right one with --base")
  }

  static func parallelNeedsConfig(_ directory: String, ranks: Int) -> Self {
    Self(
      .shardingUnsupported,
      "is cut into \(ranks) tensor-parallel ranks; which of their parts are rows and which columns "
        + "follows from the model's config.json, which is not here",
      file: directory, remedy: "Name a directory that has it with --base MODEL")
  }

  static func parallelUnknownFamily(_ family: String, file: String) -> Self {
    Self(
      .shardingUnsupported,
      "the family '\(family)' has no table of rows and columns for model-parallel ranks",
      file: file, remedy: "Convert the checkpoint with the program that wrote it")
  }

  static func megatronRefused(_ what: String, file: String) -> Self {
    Self(
      .shardingUnsupported, "is a Megatron checkpoint \(what), which is not put together here",
      file: file, remedy: "Convert it with Megatron's own tools (tools/checkpoint/convert.py)")
  }

  static func megatronLacks(_ what: String, file: String) -> Self {
    Self(
      .shardingUnsupported, "does not say \(what)", file: file,
      remedy: "Name a directory with the model's config.json with --base MODEL")
  }
}

extension GraftError {
  static func partsLeftOut(_ tensors: [String], reason: String, file: String) -> Self {
    let names = tensors.prefix(3).joined(separator: ", ")
    let rest = tensors.count > 3 ? " and \(tensors.count - 3) more" : ""
    return Self(.statesLeftOut, "left out parts of \(names)\(rest): \(reason)", file: file)
  }
}
