public import Diagnostics

extension GraftError.Code {
  /// The text is not JSON.
  public static let invalidJSON = Self("invalid-json", .input)
  /// An object names a key twice.
  public static let duplicateKey = Self("duplicate-key", .input)
  /// Lists and objects are nested deeper than the reader allows.
  public static let jsonTooDeep = Self("json-too-deep", .input)
}

extension GraftError {
  static func invalidJSON(_ what: String, file: String?, line: Int, column: Int) -> Self {
    Self(
      .invalidJSON, "not valid JSON at column \(column): \(what)", file: file, line: line,
      remedy: "The file may be cut short or be something else; fetch it again")
  }

  static func duplicateKey(_ key: String, file: String?, line: Int) -> Self {
    Self(
      .duplicateKey, "the key '\(key)' appears twice in one object", file: file, line: line,
      remedy: "Readers disagree about which of the two counts; remove one")
  }

  static func jsonTooDeep(limit: Int, file: String?, line: Int) -> Self {
    Self(.jsonTooDeep, "nested deeper than \(limit) levels", file: file, line: line)
  }
}
