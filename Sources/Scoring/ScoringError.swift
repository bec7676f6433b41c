public import Diagnostics

extension GraftError.Code {
  /// A file of rows is neither a JSON list nor one JSON value a line.
  public static let invalidRows = Self("invalid-rows", .input)
}

extension GraftError {
  static func unfinishedList(_ file: String, line: Int) -> Self {
    Self(
      .invalidRows, "the list of rows ends too early, or two rows have no comma between them",
      file: file, line: line, remedy: "The file may be cut short; fetch it again")
  }

  static func textAfterList(_ file: String, line: Int) -> Self {
    Self(.invalidRows, "more text after the list of rows", file: file, line: line)
  }
}
