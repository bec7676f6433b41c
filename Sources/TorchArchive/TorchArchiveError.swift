public import Diagnostics
import FileIO

extension GraftError.Code {
  /// The file is no archive that `torch.save` writes.
  public static let notTorchArchive = Self("not-torch-archive", .input)
  /// A zip archive breaks a rule of its format, or lies about its entries.
  public static let invalidZip = Self("invalid-zip", .input)
  /// A pickle is cut short or breaks a rule of its format.
  public static let invalidPickle = Self("invalid-pickle", .input)
  /// A pickle asks for something that no weights need and that could do harm.
  public static let unsafePickle = Self("unsafe-pickle", .input)
  /// A file asks for more memory than files of its kind need.
  public static let archiveLimit = Self("archive-limit", .input)
  /// A tensor and the storage that it lies in do not fit together.
  public static let storageMismatch = Self("storage-mismatch", .input)
  /// Something that is no tensor, or of no type that is known, stands where a tensor is needed.
  public static let unreadableTensor = Self("unreadable-tensor", .input)
}

extension GraftError {
  private static let fetchAgain = "The file may be damaged; fetch it again"
  private static let distrust = "Nothing in it was executed. Do not trust this file"
  private static let saveStates =
    "Save the model's state_dict(), not the model, with the program that wrote the file"

  // MARK: The file

  static func notTorchArchive(_ file: String, _ kind: ForeignFile?) -> Self {
    if let kind {
      return Self(
        .notTorchArchive, kind.description(insteadOf: "a PyTorch archive"), file: file,
        remedy: kind.remedy)
    }
    return Self(
      .notTorchArchive, "is neither a zip archive nor a pickle, as PyTorch writes them",
      file: file, remedy: fetchAgain)
  }

  static func emptyTorchArchive(_ file: String) -> Self {
    Self(
      .notTorchArchive, "is empty", file: file,
      remedy: "The download or the copy did not finish; fetch it again")
  }

  static func tarArchive(_ file: String) -> Self {
    Self(
      .notTorchArchive, "is a tar archive, as PyTorch wrote before version 0.1.10", file: file,
      remedy: "Load it with PyTorch and save it again")
  }

  static func plainPickle(_ file: String) -> Self {
    Self(
      .notTorchArchive, "is a plain Python pickle, not what torch.save writes", file: file,
      remedy: "Nothing in it was executed. Save the weights with torch.save or as safetensors")
  }

  static func legacyInvalid(_ file: String, _ what: String) -> Self {
    Self(.notTorchArchive, what, file: file, remedy: fetchAgain)
  }

  // MARK: Zip

  static func zipInvalid(_ file: String, _ what: String) -> Self {
    Self(.invalidZip, what, file: file, remedy: fetchAgain)
  }

  static func zipNoDirectory(_ file: String) -> Self {
    Self(
      .invalidZip, "has no zip directory at its end", file: file,
      remedy: "The download or the copy did not finish; fetch it again")
  }

  static func zipUnsafeName(_ file: String, name: String) -> Self {
    Self(
      .invalidZip, "the entry '\(name)' points outside the archive", file: file, remedy: distrust)
  }

  static func zipEntry(_ file: String, name: String, _ what: String) -> Self {
    Self(.invalidZip, "the entry '\(name)' \(what)", file: file, remedy: fetchAgain)
  }

  static func zipEntryMissing(_ file: String, name: String) -> Self {
    Self(.invalidZip, "there is no entry '\(name)'", file: file, remedy: fetchAgain)
  }

  static func zipBomb(_ file: String, name: String, packed: Int, unpacked: Int) -> Self {
    Self(
      .archiveLimit,
      "the entry '\(name)' has \(packed) bytes that unpack to \(unpacked), more than weights "
        + "could be compressed",
      file: file, remedy: distrust)
  }

  static func entryTooLarge(_ file: String, name: String, size: Int, limit: Int) -> Self {
    Self(
      .archiveLimit, "the entry '\(name)' has \(size) bytes; its kind may have \(limit)",
      file: file, remedy: distrust)
  }

  // MARK: Pickle

  static func pickleInvalid(_ file: String, at position: Int, _ what: String) -> Self {
    Self(
      .invalidPickle, "the pickle, at byte \(position): \(what)", file: file, remedy: fetchAgain)
  }

  static func pickleTooManyValues(_ file: String, limit: Int) -> Self {
    Self(
      .archiveLimit, "the pickle makes more than \(limit) values", file: file, remedy: distrust)
  }

  static func pickleHarmful(_ file: String, global: PickleGlobal) -> Self {
    Self(
      .unsafePickle,
      "the pickle names '\(global)', which no weights need and which can run code", file: file,
      remedy: distrust)
  }

  static func pickleUnsafeCall(_ file: String, _ what: String) -> Self {
    Self(.unsafePickle, "the pickle \(what)", file: file, remedy: distrust)
  }

  // MARK: Tensors

  static func noStateDict(_ file: String, found: String) -> Self {
    Self(
      .unreadableTensor, "holds \(found); a dictionary of tensors was expected", file: file,
      remedy: saveStates)
  }

  static func notATensor(_ file: String, tensor: String, found: String) -> Self {
    Self(
      .unreadableTensor, "is \(found); a tensor was expected", file: file, tensor: tensor,
      remedy: saveStates)
  }

  static func unknownElementType(_ file: String, tensor: String, type: String) -> Self {
    Self(
      .unreadableTensor, "its type '\(type)' is not known here", file: file, tensor: tensor,
      remedy: "Convert the tensor with the program that wrote it")
  }

  static func tensorTwiceInArchive(_ file: String, tensor: String) -> Self {
    Self(
      .unreadableTensor, "is there twice, and readers disagree about which counts", file: file,
      tensor: tensor)
  }

  static func storageMissing(_ file: String, tensor: String, key: String) -> Self {
    Self(
      .storageMismatch, "its storage '\(key)' is not in the file", file: file, tensor: tensor,
      remedy: fetchAgain)
  }

  static func storageSize(
    _ file: String, tensor: String, key: String, found: Int, expected: Int
  ) -> Self {
    Self(
      .storageMismatch,
      "its storage '\(key)' has \(found) bytes; the pickle says \(expected)", file: file,
      tensor: tensor, remedy: fetchAgain)
  }

  static func tensorOutsideStorage(_ file: String, tensor: String, _ what: String) -> Self {
    Self(
      .storageMismatch, "\(what) does not fit in its storage", file: file, tensor: tensor,
      remedy: distrust)
  }

  static func tensorNotContiguous(_ file: String, tensor: String) -> Self {
    Self(
      .unreadableTensor, "its elements do not follow one another in the file", file: file,
      tensor: tensor, remedy: "Save it with .contiguous()")
  }

  static func tensorRepeats(_ file: String, tensor: String, _ what: String, storage: Int) -> Self {
    Self(
      .archiveLimit, "\(what) would repeat the \(storage) bytes of its storage many times",
      file: file, tensor: tensor, remedy: "Save it with .contiguous()")
  }
}
