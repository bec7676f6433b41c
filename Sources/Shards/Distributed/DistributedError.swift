public import Diagnostics
import TensorCore

extension GraftError.Code {
  /// The metadata of a checkpoint names a file outside its directory.
  public static let shardOutsideDirectory = Self("shard-outside-directory", .input)
  /// Elements of a tensor are in no shard.
  public static let elementsNeverWritten = Self("elements-never-written", .input)
  /// Bytes of a shard belong to nothing that is known.
  public static let unusedShardBytes = Self("unused-shard-bytes", .input)
  /// Tensors of a training state are no weights.
  public static let statesLeftOut = Self("states-left-out", .input)
  /// What a checkpoint does not say, and so could not be checked.
  public static let shapesUndeclared = Self("shapes-undeclared", .input)
}

// MARK: - Metadata

extension GraftError {
  private static let saveAgain = "The save did not finish, or files are damaged; copy or save again"

  static func notDistributedMetadata(_ file: String, found: String) -> Self {
    Self(
      .shardInvalid,
      "holds \(found), not the metadata that torch.distributed.checkpoint writes", file: file)
  }

  static func metadataLacks(_ what: String, tensor: String? = nil, file: String) -> Self {
    Self(
      .shardInvalid, "lacks \(what), or has it in a form that is not known", file: file,
      tensor: tensor, remedy: saveAgain)
  }

  static func metadataNamesTwice(_ name: String, file: String) -> Self {
    Self(.shardInvalid, "is named twice", file: file, tensor: name)
  }

  static func metadataType(_ type: String, tensor: String, file: String) -> Self {
    Self(
      .shardInvalid, "has the element type '\(type)', which is not known here", file: file,
      tensor: tensor)
  }

  static func metadataShape(tensor: String, file: String) -> Self {
    Self(
      .shardInvalid, "has no shape, or one that no memory holds", file: file,
      tensor: tensor)
  }

  static func metadataLeavesDirectory(_ path: String, tensor: String, file: String) -> Self {
    Self(
      .shardOutsideDirectory, "is said to lie in '\(path)', outside the checkpoint", file: file,
      tensor: tensor, remedy: "Do not trust this checkpoint")
  }

  static func metadataRange(offset: Int, length: Int, tensor: String, file: String) -> Self {
    Self(
      .shardInvalid, "is said to lie at byte \(offset) with \(length) bytes", file: file,
      tensor: tensor)
  }

  static func transformedBytes(_ name: String, _ transforms: [String], file: String) -> Self {
    Self(
      .shardingUnsupported,
      "was changed by \(transforms.joined(separator: ", ")) before it was written, "
        + "which is not known here",
      file: file, tensor: name, remedy: "Save the checkpoint without stream extensions")
  }

  static func metadataDiffers(_ name: String, _ first: String, _ second: String) -> Self {
    Self(
      .shardsDisagree, "has another type or shape than \(first) says", file: second,
      tensor: name, remedy: "The two are of different saves; remove what is older")
  }
}

// MARK: - Blocks

extension GraftError {
  static func chunkMissing(_ box: Box, of spec: TensorSpec, file: String) -> Self {
    Self(
      .shardMissing, "lists the block \(box) of \(spec.shape), but not where its bytes lie",
      file: file, tensor: spec.name, remedy: saveAgain)
  }

  static func shardFileMissing(_ file: String, tensor: String, metadata: String) -> Self {
    Self(
      .shardMissing, "is not there, though \(metadata) puts tensors in it", file: file,
      tensor: tensor, remedy: "Copy the files of all ranks into one directory")
  }

  static func shardTruncated(
    _ file: String, size: Int, end: Int, tensor: String
  ) -> Self {
    Self(
      .shardMissing, "has \(size) bytes; a block should end at byte \(end)", file: file,
      tensor: tensor, remedy: saveAgain)
  }

  static func shardRangesOverlap(_ file: String, _ a: String, _ b: String, at byte: Int) -> Self {
    Self(
      .shardsDisagree, "byte \(byte) belongs to a block of '\(a)' and to one of '\(b)'",
      file: file, tensor: b)
  }

  static func chunkNoTensor(_ name: String, found: String, file: String) -> Self {
    Self(
      .shardInvalid, "holds \(found) where a block should be", file: file, tensor: name)
  }

  static func chunkOtherThanSaid(
    _ found: TensorSpec, box: Box, of spec: TensorSpec, file: String
  ) -> Self {
    Self(
      .shardsDisagree,
      "holds \(found.dtype.rawValue) \(found.shape) for the block \(box), "
        + "which should be \(spec.dtype.rawValue) \(box.sizes)",
      file: file, tensor: spec.name, remedy: "Files of different saves may be mixed")
  }

  static func chunkOutside(_ box: Box, of spec: TensorSpec, file: String) -> Self {
    Self(
      .shardInvalid,
      "has a block of sizes \(box.sizes) at \(box.offsets), outside the shape \(spec.shape)",
      file: file, tensor: spec.name)
  }

  static func chunksOfPackedType(_ spec: TensorSpec, file: String) -> Self {
    Self(
      .shardingUnsupported,
      "has elements of \(spec.dtype.bitWidth) bits, which are not put together",
      file: file, tensor: spec.name)
  }

  static func elementsNeverWritten(
    _ spec: TensorSpec, count: Int, example: [Int], file: String
  ) -> Self {
    Self(
      .elementsNeverWritten,
      "\(count) of \(spec.elementCount) elements of \(spec.shape) are in no block"
        + (example.isEmpty ? "" : ", the first at \(example)"),
      file: file, tensor: spec.name,
      remedy: "A rank's part was not written, or its file is not here. What is missing cannot be "
        + "made up; gather from another checkpoint")
  }

  static func chunksOverlap(
    _ spec: TensorSpec, _ a: Box, _ b: Box, _ first: String, _ second: String
  ) -> Self {
    Self(
      .shardsDisagree, "the blocks \(a) in \(first) and \(b) overlap", file: second,
      tensor: spec.name, remedy: "Files of different saves may be mixed")
  }

  static func chunksTangled(_ spec: TensorSpec, count: Int, file: String) -> Self {
    Self(
      .shardingUnsupported, "is cut into \(count) blocks, in a way that cannot be checked",
      file: file,
      tensor: spec.name)
  }
}

// MARK: - Kinds

extension GraftError {
  static func flatParameters(_ name: String, file: String) -> Self {
    Self(
      .shardingUnsupported,
      "is a flat parameter of FSDP: many weights end to end, without their names and shapes",
      file: file, tensor: name,
      remedy: "Save with the state dict type SHARDED_STATE_DICT or FULL_STATE_DICT")
  }

  static func noWeightsInCheckpoint(_ directory: String, states: Int) -> Self {
    Self(
      .shardingUnsupported,
      "holds no weights"
        + (states > 0 ? ", but \(states) tensors of an optimiser" : ""),
      file: directory, remedy: "Name the directory of the model, not that of the optimiser")
  }

  static func unusedFile(_ file: String, bytes: Int) -> Self {
    Self(
      .unusedShardBytes, "\(bytes) bytes belong to nothing that the metadata names", file: file,
      remedy: "They may be of an earlier save in the same directory")
  }
}

extension GraftError {
  static func shapesUndeclared(_ directory: String, fileCount: Int) -> Self {
    Self(
      .shapesUndeclared,
      "the \(fileCount) files do not say how large the whole tensors are, and all their blocks are "
        + "of equal size; the files of further ranks could be missing",
      file: directory, remedy: "Compare the shapes with those that you expect, or name the base")
  }
}

extension GraftError {
  static func statesLeftOut(_ directory: String, count: Int) -> Self {
    Self(
      .statesLeftOut, "\(count) tensors of the optimiser, or of the run, are left out",
      file: directory)
  }
}
