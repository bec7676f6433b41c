import Datasets
public import Diagnostics

extension GraftError.Code {
  /// A row cannot be scored.
  public static let invalidScoringRow = Self("invalid-scoring-row", .input)
}

extension GraftError {
  static func nothingToScore(_ file: String) -> Self {
    Self(.invalidRows, "holds no row", file: file)
  }

  static func row(_ message: String, remedy: String? = nil) -> Self {
    Self(.invalidScoringRow, message, remedy: remedy)
  }

  static func idOutOfRange(_ id: Int32, _ size: Int, file: String, line: Int) -> Self {
    Self(
      .invalidScoringRow, "the id \(id) is not in the model's vocabulary of \(size)", file: file,
      line: line, remedy: "Use the tokenizer of this model")
  }
}
