public import Diagnostics

extension GraftError.Code {
  /// The file is no GGUF file of a version that is known.
  public static let notGGUF = Self("not-gguf", .input)
  /// A GGUF file ends before its own header says that it does.
  public static let truncatedGGUF = Self("truncated-gguf", .input)
  /// A GGUF header breaks a rule of the format.
  public static let ggufHeader = Self("gguf-header", .input)
  /// A tensor's storage type cannot be turned into numbers here.
  public static let unreadableGGMLType = Self("unreadable-ggml-type", .input)
  /// What is to be written cannot be a GGUF file.
  public static let unwritableGGUF = Self("unwritable-gguf", .input)
  /// A key of the metadata is missing or holds the wrong kind of value.
  public static let ggufMetadata = Self("gguf-metadata", .input)
}

extension GraftError {
  private static let fetchAgain = "The file may be damaged; fetch it again"
  private static let notFinished = "The download or the copy did not finish; fetch it again"

  static func notGGUF(_ file: String, found: String) -> Self {
    Self(
      .notGGUF, "\(found); a GGUF file begins with the letters GGUF", file: file,
      remedy: "Name a GGUF file, or a directory with safetensors weights")
  }

  static func ggufVersion(_ file: String, version: UInt32) -> Self {
    let swapped = version.byteSwapped
    if swapped <= 3 {
      return Self(
        .notGGUF, "is a GGUF file of version \(swapped) for big-endian machines", file: file,
        remedy: "Fetch the little-endian file")
    }
    return Self(
      .notGGUF, "is a GGUF file of version \(version); 2 and 3 can be read", file: file,
      remedy: version < 2 ? "Convert the model again with a newer llama.cpp" : nil)
  }

  static func headerCutShort(_ file: String, what: String, size: Int) -> Self {
    Self(
      .truncatedGGUF, "ends within \(what), after \(size) bytes", file: file, remedy: notFinished)
  }

  static func countPastEnd(_ file: String, what: String, count: UInt64, remaining: Int) -> Self {
    Self(
      .truncatedGGUF,
      "\(what) is given as \(count), which does not fit in the \(remaining) bytes that follow",
      file: file, remedy: notFinished)
  }

  static func stringNotUTF8(_ file: String, what: String, position: Int) -> Self {
    Self(
      .ggufHeader, "\(what), at byte \(position), is not valid UTF-8", file: file,
      remedy: fetchAgain)
  }

  static func unknownValueType(_ file: String, key: String, type: UInt32) -> Self {
    Self(
      .ggufHeader, "'\(key)' has the value type \(type); 0 to 12 are known", file: file,
      remedy: fetchAgain)
  }

  static func arraysTooDeep(_ file: String, key: String) -> Self {
    Self(.ggufHeader, "'\(key)' nests arrays too deeply", file: file)
  }

  static func tooManyElements(_ file: String, key: String, limit: Int) -> Self {
    Self(
      .ggufHeader, "'\(key)' brings the metadata above \(limit) array elements", file: file)
  }

  static func keyTwice(_ file: String, key: String) -> Self {
    Self(
      .ggufHeader, "the key '\(key)' appears twice", file: file,
      remedy: "Readers disagree about which of the two counts; convert the model again")
  }

  static func alignmentInvalid(_ file: String, found: String) -> Self {
    Self(
      .ggufHeader, "general.alignment is \(found); it must be a power of two", file: file,
      remedy: fetchAgain)
  }

  static func tensorTwice(_ file: String, tensor: String) -> Self {
    Self(
      .ggufHeader, "appears twice", file: file, tensor: tensor,
      remedy: "Readers disagree about which of the two counts; convert the model again")
  }

  static func tensorInvalid(_ file: String, tensor: String, _ what: String) -> Self {
    Self(.ggufHeader, what, file: file, tensor: tensor, remedy: fetchAgain)
  }

  static func unknownGGMLType(_ file: String, tensor: String, type: GGMLType) -> Self {
    Self(
      .unreadableGGMLType, "has the storage type number \(type.rawValue), which is unknown",
      file: file, tensor: tensor, remedy: "The file may come from a newer llama.cpp")
  }

  static func unreadableGGMLType(_ file: String, tensor: String, type: GGMLType) -> Self {
    let readable = GGMLType.readableNames.joined(separator: " ")
    return Self(
      .unreadableGGMLType,
      "is stored as \(type), which Graft cannot turn into numbers (it can: \(readable))",
      file: file, tensor: tensor,
      remedy: "Take a file of another quantisation of the same model")
  }

  static func tensorPastEnd(_ file: String, tensor: String, end: Int, size: Int) -> Self {
    Self(
      .truncatedGGUF, "ends at byte \(end) of the data, and the file has \(size) bytes of data",
      file: file, tensor: tensor,
      remedy: notFinished)
  }

  static func tensorsOverlap(_ file: String, tensor: String, other: String) -> Self {
    Self(
      .ggufHeader, "lies on top of '\(other)'", file: file, tensor: tensor, remedy: fetchAgain)
  }

  static func keyMissing(_ file: String, key: String) -> Self {
    Self(
      .ggufMetadata, "the metadata lacks '\(key)'", file: file,
      remedy: "The file is not a complete model; take one that llama.cpp's converter made")
  }

  static func keyKind(_ file: String, key: String, found: String, expected: String) -> Self {
    Self(.ggufMetadata, "'\(key)' is \(found); \(expected) was expected", file: file)
  }

  static func unwritableKey(_ file: String, key: String, _ what: String) -> Self {
    Self(.unwritableGGUF, "the key '\(key)' \(what)", file: file)
  }

  static func unwritableTensor(_ file: String, tensor: String, _ what: String) -> Self {
    Self(.unwritableGGUF, what, file: file, tensor: tensor)
  }

  static func tooManyGGUFBytes(_ file: String) -> Self {
    Self(.unwritableGGUF, "more bytes were written than its tensors take", file: file)
  }

  static func missingGGUFBytes(
    _ file: String, tensor: String, written: Int, expected: Int
  ) -> Self {
    Self(
      .unwritableGGUF, "closed after \(written) of its \(expected) bytes", file: file,
      tensor: tensor)
  }
}
