public import Diagnostics
import FileIO
import TensorCore

extension GraftError.Code {
  /// A training configuration is not valid YAML, or not a mapping.
  public static let invalidYAML = Self("invalid-yaml", .usage)
  /// A training configuration has an unknown key, a wrong value, or contradicts itself.
  public static let invalidConfig = Self("invalid-config", .usage)
  /// A training configuration asks for something that this version lacks.
  public static let unsupportedConfig = Self("unsupported-config", .usage)
  /// A data set, or its entry in dataset_info.json, cannot be used.
  public static let invalidDataset = Self("invalid-dataset", .input)
  /// The output directory holds a finished run.
  public static let runFinished = Self("run-finished", .usage)
  /// A training checkpoint is missing, damaged, or belongs to another run.
  public static let invalidCheckpoint = Self("invalid-checkpoint", .input)
  /// The loss is no number any more.
  public static let divergedTraining = Self("diverged-training", .checkFailed)
}

// MARK: - Configuration

extension GraftError {
  static func invalidYAML(_ problem: String, file: String, line: Int?) -> Self {
    Self(.invalidYAML, "not a valid configuration: \(problem)", file: file, line: line)
  }

  static func duplicateConfigKeys(_ keys: [String], file: String, line: Int?) -> Self {
    let names = keys.sorted().map { "'\($0)'" }.joined(separator: ", ")
    return Self(
      .invalidYAML, "\(names) appears twice", file: file, line: line,
      remedy: "Keep one; readers disagree about which counts")
  }

  static func malformedOverride(_ text: String) -> Self {
    Self(
      .invalidConfig, "'\(text)' is no setting", file: "command line",
      remedy: "Write key=value, as in learning_rate=1e-4")
  }

  static func unknownConfigKey(_ key: String, meant: String?, file: String, line: Int?) -> Self {
    Self(
      .invalidConfig, "unknown key '\(key)'", file: file, line: line,
      remedy: meant.map { "Did you mean '\($0)'?" } ?? "Remove it")
  }

  static func unsupportedConfigKey(_ key: String, file: String, line: Int?) -> Self {
    Self(
      .unsupportedConfig, "'\(key)' is LLaMA-Factory's, but not in this version of Graft",
      file: file, line: line, remedy: "Remove it, if the run makes sense without it")
  }

  static func wrongConfigValue(
    _ key: String, found: String, expected: String, file: String, line: Int?
  ) -> Self {
    Self(
      .invalidConfig, "'\(key)' is '\(found)', expected \(expected)", file: file, line: line)
  }

  static func missingConfigKey(_ key: String, file: String, remedy: String) -> Self {
    Self(.invalidConfig, "'\(key)' is missing", file: file, remedy: remedy)
  }

  static func invalidConfig(
    _ message: String, file: String, line: Int?, remedy: String?
  ) -> Self {
    Self(.invalidConfig, message, file: file, line: line, remedy: remedy)
  }
}

// MARK: - Data

extension GraftError {
  static func notRanking(_ name: String, file: String) -> Self {
    Self(
      .invalidDataset, "'\(name)' is not said to hold preference pairs", file: file,
      remedy: "Stage rm needs \"ranking\": true, and rows with a chosen and a rejected answer")
  }

  static func brokenPair(_ place: Int) -> Self {
    Self(
      .invalidDataset, "the cached tokens of pair \(place + 1) are not those of a pair",
      remedy: "Set overwrite_cache: true to make them anew")
  }

  static func emptyDataset(_ name: String, file: String) -> Self {
    Self(.invalidDataset, "the data set '\(name)' has no rows", file: file)
  }

  static func idBeyondEmbedding(
    _ id: Int32, _ token: String?, rows: Int, file: String, line: Int
  ) -> Self {
    let name = token.map { " ('\($0)')" } ?? ""
    return Self(
      .invalidDataset,
      "a row has the token \(id)\(name), but the model's embedding has \(rows) rows", file: file,
      line: line > 0 ? line : nil,
      remedy: "Use the tokenizer of this model, or one whose tokens it was grown for")
  }
}

// MARK: - Runs

extension GraftError {
  static func runFinished(_ path: String) -> Self {
    Self(
      .runFinished, "holds a training run already", file: path,
      remedy: "Set resume_from_checkpoint: true to go on, or overwrite_output_dir: true to start "
        + "over, or name another output_dir")
  }

  static func outputIsInput(_ path: String, input: String) -> Self {
    Self(
      .outputIsInput, "output_dir is the same directory as \(input), which is only read",
      file: path, remedy: "Name another output_dir")
  }

  static func noCheckpoint(_ path: String) -> Self {
    Self(
      .invalidCheckpoint, "there is no checkpoint to go on from", file: path,
      remedy: "Name a directory checkpoint-N with a \(TrainingCheckpoint.stateFile), or start over")
  }

  static func checkpointLacks(_ what: String, file: String) -> Self {
    Self(
      .invalidCheckpoint, "'\(what)' is missing or broken", file: file,
      remedy: "Go on from an earlier checkpoint")
  }

  static func checkpointOfOtherRun(
    _ key: String, found: String, expected: String, file: String
  ) -> Self {
    Self(
      .invalidCheckpoint,
      "belongs to a run with other settings: \(key) was \(found), is now \(expected)", file: file,
      remedy: "Restore the setting, or start over with overwrite_output_dir: true")
  }

  static func nothingLeftToDo(_ path: String, step: Int) -> Self {
    Self(
      .runFinished, "the run is finished: \(step) steps are done", file: path,
      remedy: "Raise num_train_epochs or max_steps to train longer")
  }

  static func validationTooLarge(_ count: Int, of rows: Int) -> Self {
    Self(
      .invalidConfig, "val_size holds out \(count) of \(rows) rows, so none is left to train on",
      remedy: "Lower val_size")
  }

  static func noPairs(_ names: [String]) -> Self {
    Self(
      .invalidDataset,
      "no pair of \(names.joined(separator: ", ")) can be used: all answers come out the same",
      remedy: "Raise cutoff_len, or look at the rows")
  }

  static func diverged(step: Int, loss: Double, norm: Double) -> Self {
    Self(
      .divergedTraining,
      "step \(step): the loss is \(loss) and the gradients' norm \(norm), so training stopped",
      remedy: "Lower learning_rate, or lengthen the warm-up; earlier checkpoints are whole")
  }
}

// MARK: - Tensors

extension GraftError {
  static func notFinite(_ tensor: String, step: Int) -> Self {
    Self(
      .divergedTraining, "is not finite after step \(step), so nothing was saved", tensor: tensor,
      remedy: "Lower learning_rate; earlier checkpoints are whole")
  }

  static func optimizerShape(_ spec: TensorSpec, expected: [Int], file: String) -> Self {
    Self(
      .invalidCheckpoint, "is \(spec.dtype.rawValue) \(spec.shape), expected F32 \(expected)",
      file: file, tensor: spec.name, remedy: "Go on from an earlier checkpoint")
  }
}
