public import Diagnostics
import FileIO
import StrictJSON

extension GraftError.Code {
  /// The file is of another kind than its name says.
  public static let foreignFile = Self("foreign-file", .input)
  /// The file ends before its own header says that it does.
  public static let truncatedFile = Self("truncated-file", .input)
  /// A safetensors header is not what the format asks for.
  public static let safetensorsHeader = Self("safetensors-header", .input)
  /// An element type that the safetensors format does not know.
  public static let unknownDType = Self("unknown-dtype", .input)
  /// Tensors overlap, leave holes, or do not cover the data section.
  public static let safetensorsLayout = Self("safetensors-layout", .input)
  /// A file has no tensor of the name that was asked for.
  public static let noSuchTensor = Self("no-such-tensor", .input)
  /// The tensors handed to a writer cannot be one file.
  public static let unwritableTensors = Self("unwritable-tensors", .input)
  /// The bytes handed to a writer are not those that its header promises.
  public static let writtenByteCount = Self("written-byte-count", .input)
}

extension GraftError {
  private static let fetchAgain = "The file may be damaged; fetch it again"

  static func foreignFile(_ file: String, _ kind: ForeignFile) -> Self {
    Self(.foreignFile, kind.description(insteadOf: "safetensors"), file: file, remedy: kind.remedy)
  }

  static func tooShortForHeader(_ file: String, size: Int) -> Self {
    Self(
      .truncatedFile, "has \(size) bytes; a safetensors file has at least 8", file: file,
      remedy: "The download or the copy did not finish; fetch it again")
  }

  static func headerTooLarge(_ file: String, length: UInt64, limit: Int) -> Self {
    Self(
      .safetensorsHeader,
      "the header claims \(length) bytes; the format allows \(limit)", file: file,
      remedy: "This is not a safetensors file, or its start is damaged; fetch it again")
  }

  static func headerPastEnd(_ file: String, length: Int, size: Int) -> Self {
    Self(
      .truncatedFile,
      "the header claims \(length) bytes, and the file ends after \(size - 8) of them",
      file: file, remedy: "The download or the copy did not finish; fetch it again")
  }

  static func headerNotUTF8(_ file: String) -> Self {
    Self(.safetensorsHeader, "the header is not valid UTF-8", file: file, remedy: fetchAgain)
  }

  static func headerNotJSON(_ file: String, _ reason: GraftError) -> Self {
    Self(
      reason.code == .invalidJSON ? .safetensorsHeader : reason.code,
      "the header: \(reason.message)", file: file, remedy: reason.remedy ?? fetchAgain)
  }

  static func headerNotObject(_ file: String, found: String) -> Self {
    Self(
      .safetensorsHeader, "the header is \(found); it must be a JSON object", file: file,
      remedy: fetchAgain)
  }

  static func metadataNotStrings(_ file: String, key: String?, found: String) -> Self {
    let what = key.map { "the value of '\($0)' in __metadata__" } ?? "__metadata__"
    return Self(
      .safetensorsHeader,
      "\(what) is \(found); __metadata__ must map strings to strings", file: file,
      remedy: "Write the file again with metadata of strings only")
  }

  static func entryInvalid(_ file: String, tensor: String, _ what: String) -> Self {
    Self(.safetensorsHeader, what, file: file, tensor: tensor, remedy: fetchAgain)
  }

  static func unknownDType(_ file: String, tensor: String, found: String, known: String) -> Self {
    Self(
      .unknownDType, "the dtype '\(found)' is unknown; known are \(known)", file: file,
      tensor: tensor, remedy: "Convert the tensor with the program that wrote it")
  }

  static func spanMismatch(
    _ file: String, _ spec: String, tensor: String, span: Int, expected: Int
  ) -> Self {
    Self(
      .safetensorsLayout,
      "\(spec) takes \(expected) bytes, and data_offsets span \(span)", file: file,
      tensor: tensor, remedy: fetchAgain)
  }

  static func overlap(_ file: String, tensor: String, begin: Int, previousEnd: Int) -> Self {
    Self(
      .safetensorsLayout,
      "begins at byte \(begin) of the data, inside the tensor before it, which ends at "
        + "\(previousEnd)",
      file: file, tensor: tensor,
      remedy: "The file was not written by a safetensors library; write it again with one")
  }

  static func hole(_ file: String, tensor: String, begin: Int, previousEnd: Int) -> Self {
    Self(
      .safetensorsLayout,
      "begins at byte \(begin) of the data, and the tensor before it ends at \(previousEnd): "
        + "\(begin - previousEnd) bytes belong to no tensor",
      file: file, tensor: tensor,
      remedy: "The file was not written by a safetensors library; write it again with one")
  }

  static func dataCutShort(_ file: String, tensor: String, end: Int, size: Int) -> Self {
    Self(
      .truncatedFile,
      "ends at byte \(end) of the data, and the file has \(size) bytes of data", file: file,
      tensor: tensor, remedy: "The download or the copy did not finish; fetch it again")
  }

  static func dataNotCovered(_ file: String, covered: Int, size: Int) -> Self {
    Self(
      .safetensorsLayout,
      "the tensors take \(covered) bytes of data, and the file has \(size)", file: file,
      remedy: "Something was appended to the file, or its header was changed; fetch it again")
  }

  static func noSuchTensor(_ name: String, in file: String, meant: String?) -> Self {
    Self(
      .noSuchTensor, "there is no such tensor", file: file, tensor: name,
      remedy: meant.map { "Is '\($0)' meant?" })
  }

  static func writingTwice(_ tensor: String, file: String) -> Self {
    Self(.unwritableTensors, "is to be written twice", file: file, tensor: tensor)
  }

  static func reservedName(file: String) -> Self {
    Self(
      .unwritableTensors, "the format reserves this name", file: file, tensor: "__metadata__")
  }

  static func sizeOverflow(_ spec: String, file: String) -> Self {
    Self(.unwritableTensors, "\(spec) has no size in whole bytes", file: file)
  }

  static func tooManyBytes(file: String, expected: Int) -> Self {
    Self(
      .writtenByteCount, "more bytes were written than the \(expected) that its tensors take",
      file: file)
  }

  static func missingBytes(file: String, tensor: String?, written: Int, expected: Int) -> Self {
    Self(
      .writtenByteCount,
      "closed after \(written) of the \(expected) bytes that its tensors take", file: file,
      tensor: tensor)
  }
}
