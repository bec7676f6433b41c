public import Diagnostics
import FileIO
import TensorCore

extension GraftError.Code {
  /// A directory holds no sharded checkpoint, or more than one.
  public static let notSharded = Self("not-sharded", .input)
  /// A checkpoint of a kind, or with a feature, that is not put together here.
  public static let shardingUnsupported = Self("sharding-unsupported", .input)
  /// `latest` names no step, or not the last one.
  public static let tagMismatch = Self("tag-mismatch", .input)
  /// A file of a sharded checkpoint is not there.
  public static let shardMissing = Self("shard-missing", .input)
  /// Files of one checkpoint contradict each other.
  public static let shardsDisagree = Self("shards-disagree", .input)
  /// A shard file lacks what it needs, or lies about sizes.
  public static let shardInvalid = Self("shard-invalid", .input)
  /// Elements of a shard are lacking, or left over.
  public static let elementsUnaccounted = Self("elements-unaccounted", .input)
}

extension GraftError {
  // MARK: Where the files are

  static func notSharded(_ path: String, inner: [String]) -> Self {
    let names = inner.prefix(4).joined(separator: ", ")
    return Self(
      .notSharded, "holds no files of a sharded checkpoint that are known here", file: path,
      remedy: inner.isEmpty
        ? "Pass the directory that the trainer saved its states to" : "Pass one of: \(names)")
  }

  static func severalSteps(_ path: String, _ found: [String]) -> Self {
    Self(
      .notSharded, "holds several steps, and no file 'latest' names one", file: path,
      remedy: "Pass one of: \(found.joined(separator: ", "))")
  }

  static func shardingUnsupported(_ layout: ShardedLayout) -> Self {
    Self(
      .shardingUnsupported, "is a checkpoint of \(layout.kind.program), which is not put together",
      file: layout.directory)
  }

  static func tagLeavesDirectory(_ tag: String, file: String) -> Self {
    Self(
      .tagMismatch, "names '\(tag.prefix(80))', which is no directory beside it", file: file,
      remedy: "Pass the directory of the step itself")
  }

  static func tagWithoutStep(_ tag: String, file: String, found: [String]) -> Self {
    let others = found.map { splitPath($0).name }.joined(separator: ", ")
    return Self(
      .tagMismatch,
      "names '\(tag.prefix(80))', which holds no checkpoint here; there is "
        + (others.isEmpty ? "none" : others),
      file: file, remedy: "Pass the directory of the step itself")
  }

  static func tagIsStale(_ tag: String, file: String, later: String) -> Self {
    Self(
      .tagMismatch,
      "names '\(tag)', and \(splitPath(later).name) is later: either the last save did not finish, "
        + "or this file is old",
      file: file, remedy: "Pass the directory of the step that you mean")
  }

  // MARK: Pieces

  static func shapeTooLarge(_ name: String, shape: [Int], file: String) -> Self {
    Self(
      .shardInvalid, "has the shape \(shape), which no tensor can have", file: file, tensor: name)
  }

  static func pieceType(
    _ piece: TensorSpec, of name: String, expected: DType, file: String
  ) -> Self {
    Self(
      .shardsDisagree,
      "a part of it, \(piece.name), is \(piece.dtype.rawValue); others are \(expected.rawValue)",
      file: file, tensor: name)
  }

  static func pieceOutside(
    _ piece: TensorSpec, of name: String, elements: Range<Int>, file: String
  ) -> Self {
    Self(
      .elementsUnaccounted,
      "needs the elements \(elements.lowerBound) to \(elements.upperBound) of \(piece.name), which "
        + "has \(piece.elementCount)",
      file: file, tensor: name, remedy: "The file may be cut short; copy it again")
  }

  static func piecesIncomplete(_ spec: TensorSpec, found: Int, file: String) -> Self {
    Self(
      .elementsUnaccounted,
      "has \(spec.elementCount) elements by its shape \(spec.shape); the files hold \(found)",
      file: file, tensor: spec.name)
  }

  static func elementsUnaccounted(_ account: ShardAccount) -> Self {
    Self(
      .elementsUnaccounted,
      "\(account.part) of rank \(account.rank) has \(account.stored) elements; the parameters need "
        + "\(account.expected), \(account.read) are read, and \(account.padding) are padding",
      file: account.file, remedy: "The file may be of another run or another step")
  }

  static func parameterTwice(_ name: String, _ file: String, _ other: String) -> Self {
    Self(.shardsDisagree, "is there twice, also in \(other)", file: file, tensor: name)
  }
}
