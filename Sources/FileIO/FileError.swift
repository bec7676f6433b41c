public import Diagnostics

extension GraftError.Code {
  /// A file was expected, something else is there.
  public static let notAFile = Self("not-a-file", .input)
  /// A file was cut while it was read.
  public static let fileBecameShorter = Self("file-became-shorter", .input)
  /// An output already exists.
  public static let outputExists = Self("output-exists", .usage)
  /// An output would overwrite an input.
  public static let outputIsInput = Self("output-is-input", .usage)
  /// A file is larger than its kind may be.
  public static let fileTooLarge = Self("file-too-large", .input)
}

extension GraftError {
  static func notAFile(_ path: String) -> Self {
    Self(.notAFile, "is not a regular file", file: path)
  }

  static func fileBecameShorter(_ path: String, size: Int) -> Self {
    Self(
      .fileBecameShorter, "ends at byte \(size), earlier than when it was opened", file: path,
      remedy: "Another program may be writing it; run again when it is done")
  }

  static func outputExists(_ path: String) -> Self {
    Self(
      .outputExists, "already exists", file: path,
      remedy: "Name another output, or pass --force to replace it")
  }

  static func outputIsInput(_ path: String) -> Self {
    Self(
      .outputIsInput, "is an input of this command and is never written", file: path,
      remedy: "Name another output")
  }

  static func fileTooLarge(_ path: String, size: Int, limit: Int) -> Self {
    Self(.fileTooLarge, "has \(size) bytes; its kind may have \(limit)", file: path)
  }
}
