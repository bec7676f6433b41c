public import Diagnostics
import StrictJSON

extension GraftError.Code {
  /// A tokenizer file lacks a part, or a part is not what it must be.
  public static let malformedTokenizer = Self("malformed-tokenizer", .input)
  /// A tokenizer uses a component or a setting that is not built in.
  public static let unsupportedTokenizer = Self("unsupported-tokenizer", .input)
  /// Two tokens claim one id, or one token has two.
  public static let duplicateToken = Self("duplicate-token", .input)
  /// Ids below the highest one have no token.
  public static let vocabularyHole = Self("vocabulary-hole", .input)
  /// A text is longer than the tokenizer takes at once.
  public static let textTooLong = Self("text-too-long", .input)
  /// A regular expression of a tokenizer is not valid, or takes too long.
  public static let invalidPattern = Self("invalid-pattern", .input)
  /// A merge names a token that the vocabulary lacks.
  public static let mergeWithoutToken = Self("merge-without-token", .input)
}

extension GraftError {
  private static let refetch = "Fetch the tokenizer's files again, from the model's own repository"

  static func malformedTokenizer(_ what: String, file: String) -> Self {
    Self(.malformedTokenizer, what, file: file, remedy: refetch)
  }

  static func growsTooMuch(_ growth: Int, limit: Int, file: String) -> Self {
    Self(
      .malformedTokenizer,
      "its replacements, one after the other, can make a text \(growth) times as long; the most is "
        + "\(limit) times", file: file, remedy: refetch)
  }

  static func unsupportedComponent(
    _ place: String, _ name: String, supported: [String], file: String
  ) -> Self {
    Self(
      .unsupportedTokenizer,
      "\(place) is of the kind '\(name)'; supported: \(supported.joined(separator: ", "))",
      file: file,
      remedy: "Encode with another tool and give token ids, or use a model with another tokenizer")
  }

  static func unsupportedSetting(
    _ place: String, _ key: String, _ value: String, file: String
  ) -> Self {
    Self(
      .unsupportedTokenizer, "\(place) sets \(key) to \(value), which is not supported", file: file,
      remedy: "Encode with another tool and give token ids, or use a model with another tokenizer")
  }

  static func duplicateToken(_ token: String, _ first: Int32, _ second: Int, file: String) -> Self {
    Self(
      .duplicateToken, "the token '\(token)' has two ids, \(first) and \(second)", file: file,
      remedy: refetch)
  }

  static func duplicateID(_ id: Int, _ first: String, _ second: String, file: String) -> Self {
    Self(
      .duplicateToken, "the id \(id) belongs to two tokens, '\(first)' and '\(second)'",
      file: file, remedy: refetch)
  }

  static func idOutOfRange(_ id: String, _ token: String, limit: Int, file: String) -> Self {
    Self(
      .malformedTokenizer,
      "the token '\(token)' has the id \(id); ids are from 0 to \(limit - 1)", file: file,
      remedy: refetch)
  }

  static func vocabularyHole(_ id: Int, count: Int, highest: Int, file: String) -> Self {
    Self(
      .vocabularyHole,
      "the id \(id) has no token: the vocabulary has \(count) tokens, its highest id is \(highest)",
      file: file, remedy: refetch)
  }

  static func idBeyondFile(_ id: Int, _ token: String, byteCount: Int, file: String) -> Self {
    Self(
      .vocabularyHole,
      "the token '\(token)' has the id \(id): a file of \(byteCount) bytes has no tokens for all "
        + "ids below", file: file, remedy: refetch)
  }

  static func mergeWithoutToken(
    _ rank: Int, _ left: String, _ right: String, missing: String, file: String
  ) -> Self {
    Self(
      .mergeWithoutToken,
      "merge \(rank + 1), '\(left)' and '\(right)', needs the token '\(missing)', which the "
        + "vocabulary lacks",
      file: file, remedy: refetch)
  }

  static func invalidPattern(
    _ place: String, _ pattern: String, _ what: String, file: String
  ) -> Self {
    Self(
      .invalidPattern,
      "\(place) is no valid regular expression: '\(pattern.prefix(200))': \(what)", file: file,
      remedy: refetch)
  }

  static func patternGivenUp(_ pattern: String) -> Self {
    Self(
      .invalidPattern,
      "the tokenizer's regular expression '\(pattern.prefix(200))' takes too many steps or "
        + "seconds on a text",
      remedy: "Cut the text into parts")
  }

  static func unknownPreTokenizer(
    _ name: String?, _ known: [ByteLevelCutting], file: String
  ) -> Self {
    Self(
      .unsupportedTokenizer,
      (name.map { "tokenizer.ggml.pre is '\($0)'" } ?? "tokenizer.ggml.pre is missing")
        + "; known: "
        + known.flatMap(\.names).sorted().joined(separator: ", "), file: file,
      remedy: "Use the tokenizer.json of the model's own repository")
  }

  static func unsupportedSentencePiece(_ what: String, file: String) -> Self {
    Self(
      .unsupportedTokenizer, "the SentencePiece model has the \(what), which is not supported",
      file: file, remedy: "Use the model's tokenizer.json")
  }

  static func unknownTokenizerModel(_ name: String, file: String) -> Self {
    Self(
      .unsupportedTokenizer, "the tokenizer is of the kind '\(name)', which is not known",
      file: file, remedy: "Use the tokenizer.json of the model's own repository")
  }

  static func malformedLine(_ what: String, _ line: Int, file: String) -> Self {
    var error = Self(.malformedTokenizer, "the line \(what)", file: file, remedy: refetch)
    error.line = line
    return error
  }

  static func noTokenizer(_ directory: String) -> Self {
    Self(
      .malformedTokenizer,
      "has no tokenizer: neither tokenizer.json nor tokenizer.model nor a .tiktoken file",
      file: directory, remedy: "Copy the tokenizer's files from the model's own repository")
  }

  static func unknownIDMissing(_ id: Int, count: Int, file: String) -> Self {
    Self(
      .malformedTokenizer,
      "the unknown token has the id \(id), but the vocabulary has \(count) tokens", file: file,
      remedy: refetch)
  }

  static func unknownTokenMissing(_ token: String, file: String) -> Self {
    Self(
      .malformedTokenizer, "the vocabulary lacks the unknown token '\(token)'", file: file,
      remedy: refetch)
  }

  static func addedTokenID(
    _ token: String, stated: Int, actual: Int, file: String
  ) -> Self {
    Self(
      .duplicateToken,
      "the added token '\(token)' has the id \(stated), but \(actual) in the vocabulary",
      file: file, remedy: refetch)
  }

  static func cannotTruncate(_ strategy: String, to length: Int) -> Self {
    Self(
      .textTooLong,
      "the tokenizer's truncation, \(strategy), cannot bring the texts to \(length) tokens",
      remedy: "Cut the texts before, or do not apply the file's limits")
  }

  static func textTooLong(_ length: Int, limit: Int) -> Self {
    Self(
      .textTooLong, "a text has \(length) bytes; the tokenizer takes \(limit) at once",
      remedy: "Cut the text into parts")
  }
}
