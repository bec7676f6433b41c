import Checkpoint
public import Diagnostics
import TensorCore

extension GraftError.Code {
  /// Differences that an adapter would not hold.
  public static let notCaptured = Self("not-captured", .checkFailed)
  /// Two checkpoints hold the same numbers.
  public static let nothingToExtract = Self("nothing-to-extract", .checkFailed)
  /// A rank or an energy that no factorisation has.
  public static let invalidRank = Self("invalid-rank", .usage)
}

extension GraftError {
  static func notCaptured(_ losses: [Extraction.Loss], directory: String) -> Self {
    let shown = losses.prefix(3).map { "\($0.tensor): \($0.reason)" }.joined(separator: "; ")
    let rest = losses.count > 3 ? " (and \(losses.count - 3) more)" : ""
    return Self(
      .notCaptured,
      "\(losses.count) differences from the base would not be in the adapter: \(shown)\(rest)",
      file: directory, remedy: "Pass --allow-partial to leave them out; graft.json then lists them")
  }

  static func nothingToExtract(_ finetuned: String, base: String) -> Self {
    Self(
      .nothingToExtract, "holds the same numbers as \(base): there is nothing to extract",
      file: finetuned, remedy: "Name the base first and the fine-tuned model second")
  }

  static func deltaNotFinite(_ tensor: String, file: String) -> Self {
    Self(
      .outOfRange, "its difference from the base holds NaN or infinity", file: file, tensor: tensor,
      remedy: "Look at both with 'graft inspect'; one of them is broken")
  }

  static func invalidRank(_ text: String) -> Self { Self(.invalidRank, text) }
}
