public import Diagnostics

extension GraftError.Code {
  /// A conversation was given, but the model has no chat template.
  public static let noChatTemplate = Self("no-chat-template", .input)
  /// A chat format's name is not known.
  public static let unknownFormat = Self("unknown-format", .usage)
  /// A tokenizer lacks a token that a chat format needs.
  public static let formatToken = Self("format-token", .input)
  /// Tools, or calls of them, are not what formats can write.
  public static let malformedTools = Self("malformed-tools", .input)
  /// A conversation is not one that chat formats can write.
  public static let malformedConversation = Self("malformed-conversation", .input)
  /// `dataset_info.json` is not what LLaMA-Factory reads.
  public static let malformedDatasetInfo = Self("malformed-dataset-info", .input)
  /// `dataset_info.json` has no data set of a name.
  public static let undefinedDataset = Self("undefined-dataset", .usage)
  /// A data set is not in files.
  public static let datasetNotLocal = Self("dataset-not-local", .input)
  /// A file's type is not among those that hold rows.
  public static let dataFileType = Self("data-file-type", .input)
  /// A row is not what its data set says.
  public static let malformedDataRow = Self("malformed-data-row", .input)
  /// A data file is broken.
  public static let brokenDataFile = Self("broken-data-file", .input)
  /// A file of rows is neither a JSON list nor one JSON value a line.
  public static let invalidRows = Self("invalid-rows", .input)
  /// Options of encoding contradict each other.
  public static let invalidEncoding = Self("invalid-encoding", .usage)
  /// A cache of tokens is not as it was written.
  public static let damagedTokenCache = Self("damaged-token-cache", .input)
  /// Data sets cannot be mixed as it was asked for.
  public static let invalidMix = Self("invalid-mix", .usage)
  /// A program or a library that reads a data file is missing.
  public static let missingReader = Self("missing-reader", .environment)
}

extension GraftError {
  // MARK: Formats

  static func unknownFormat(_ name: String, meant: String?) -> Self {
    Self(
      .unknownFormat, "there is no chat format '\(name)'",
      remedy: meant.map { "Was '\($0)' meant?" }
        ?? "Leave the format out to use the model's own chat template")
  }

  static func formatChoice(_ file: String) -> Self {
    Self(
      .unknownFormat, "has no 'template' with the name of a chat format", file: file,
      remedy: "Remove the file to use the model's own chat template")
  }

  static func formatVariables(_ names: [String], of format: String) -> Self {
    Self(
      .malformedConversation,
      "the chat format '\(format)' reads no variables, found \(names.joined(separator: ", "))",
      remedy: "Leave chat_template_kwargs out, or the format, to use the model's own template")
  }

  static func formatToken(_ token: String, of format: String) -> Self {
    Self(
      .formatToken, "the chat format '\(format)' needs the token '\(token)', which is not there",
      remedy: "Take the format of the model's family, or add the token to the tokenizer")
  }

  static let malformedCall = Self(
    .malformedTools, "a call of a tool must be JSON with 'name' and 'arguments'")

  static func toolsNoList(_ kind: String) -> Self {
    Self(.malformedTools, "the tools must be a JSON list, found \(kind)")
  }

  static func message(_ index: Int, _ what: String) -> Self {
    Self(.malformedConversation, "message \(index + 1) \(what)")
  }

  static func messageRole(_ index: Int, _ role: String) -> Self {
    Self(
      .malformedConversation, "message \(index + 1) has the role '\(role)', which no format writes",
      remedy: "Roles are system, user, assistant and tool")
  }

  static func messageOrder(_ index: Int, _ role: String, expectsAnswer: Bool) -> Self {
    Self(
      .malformedConversation,
      "message \(index + 1) is of the role '\(role)' where "
        + (expectsAnswer ? "the assistant's turn is" : "the user's or a tool's turn is"),
      remedy: "Questions and answers must take turns, and the first is a question")
  }

  static let noQuestion = Self(
    .malformedConversation, "the conversation has no message but the system's")

  // MARK: dataset_info.json

  static func datasetInfo(_ what: String, file: String) -> Self {
    Self(.malformedDatasetInfo, what, file: file)
  }

  static func undefinedDataset(_ name: String, meant: String?, file: String) -> Self {
    Self(
      .undefinedDataset, "there is no data set '\(name)'", file: file,
      remedy: meant.map { "Was '\($0)' meant?" })
  }

  static func unknownInfoKey(
    _ key: String, of name: String, meant: String?, file: String
  ) -> Self {
    Self(
      .malformedDatasetInfo, "'\(name)' has the key '\(key)', which means nothing", file: file,
      remedy: meant.map { "Was '\($0)' meant?" })
  }

  static func datasetNotLocal(_ name: String, key: String, file: String) -> Self {
    Self(
      .datasetNotLocal, "'\(name)' is elsewhere (\(key)); only local files are read", file: file,
      remedy: "Fetch the data set and name it by file_name")
  }

  // MARK: Files and rows

  static func noDataFile(_ path: String) -> Self {
    Self(.dataFileType, "no file is there", file: path, remedy: "Check file_name and dataset_dir")
  }

  static func dataFileType(_ path: String) -> Self {
    Self(
      .dataFileType, "the type of the file is not known", file: path,
      remedy:
        "Rows are read from .json, .jsonl, .csv, .txt, .parquet and .arrow, also in .gz and .zst")
  }

  static func mixedFileTypes(_ folder: String) -> Self {
    Self(.dataFileType, "the folder holds files of several types", file: folder)
  }

  static func dataRow(_ what: String, file: String, line: Int) -> Self {
    Self(.malformedDataRow, what, file: file, line: line > 0 ? line : nil)
  }

  static func brokenDataFile(_ what: String, _ file: String, line: Int? = nil) -> Self {
    Self(.brokenDataFile, what, file: file, line: line)
  }

  static func rowTooLong(_ file: String, limit: Int, line: Int) -> Self {
    Self(
      .brokenDataFile, "a row is longer than \(limit >> 20) MiB", file: file, line: line,
      remedy: "Split the row; training reads a few thousand tokens of it")
  }

  static func missingReader(_ what: String, file: String, remedy: String) -> Self {
    Self(.missingReader, what, file: file, remedy: remedy)
  }
}

extension GraftError {
  // MARK: Caches and mixing

  static func damagedTokenCache(_ what: String, _ path: String) -> Self {
    Self(.damagedTokenCache, what, file: path, remedy: "Remove it; it is made anew")
  }

  static func mixProbabilities(_ what: String) -> Self {
    Self(
      .invalidMix, "interleave_probs \(what)",
      remedy: "Give one probability above 0 for each data set; their sum is 1")
  }

  static func mixOfNothing(_ name: String) -> Self {
    Self(.invalidMix, "'\(name)' has no rows, so nothing can be drawn from it")
  }

  // MARK: Encoding

  static func noChatTemplate(_ directory: String) -> Self {
    Self(
      .noChatTemplate, "the model has no chat template, so conversations cannot be rendered",
      file: directory,
      remedy:
        "Give 'text' or 'ids', name a chat format (template), or add chat_template.jinja to the "
        + "model")
  }

  static let encodingLimits = Self(
    .invalidEncoding, "cutoff_len and preprocessing_batch_size must be above 0")

  static func trainsOnPrompt(_ format: String) -> Self {
    Self(.invalidEncoding, "the chat format '\(format)' does not support train_on_prompt")
  }

  static func feedbackNeedsAnswers(_ example: Example) -> Self {
    Self(
      .malformedDataRow, "feedback needs an answer and a truth value in the kto_tag column",
      file: example.file, line: example.line)
  }

  static func unfinishedList(_ file: String, line: Int) -> Self {
    Self(
      .invalidRows, "the list of rows ends too early, or two rows have no comma between them",
      file: file, line: line, remedy: "The file may be cut short; fetch it again")
  }

  static func textAfterList(_ file: String, line: Int) -> Self {
    Self(.invalidRows, "more text after the list of rows", file: file, line: line)
  }
}
