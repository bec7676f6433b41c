import Checkpoint
import Diagnostics
import Heads
import TensorCore

extension GraftError.Code {
  /// `graft-engine` is not beside `graft`.
  static let engineMissing = Self("engine-missing", .environment)
  /// The engine ended without an answer.
  static let engineFailed = Self("engine-failed", .environment)
  /// Base and merged model behave differently than they must.
  static let behaviourDiffers = Self("behaviour-differs", .checkFailed)
  /// A file was named where a directory is meant.
  static let notADirectory = Self("not-a-directory", .usage)
  /// A head is all zero.
  static let headEmpty = Self("head-empty", .input)
  /// A head holds NaN or infinity.
  static let headBroken = Self("head-broken", .input)
  /// A file holds no tensor.
  static let noTensors = Self("no-tensors", .input)
  /// An option's value is wrong.
  static let invalidOption = Self("invalid-option", .usage)
  /// A reward model has no padding token.
  static let noPadding = Self("no-padding", .input)
}

extension GraftError {
  static func engineMissing(_ path: String) -> Self {
    Self(
      .engineMissing,
      "graft-engine, which runs models, is not beside this program", file: path,
      remedy: "Run 'make build' in Graft's folder: it fetches libtorch and builds both programs")
  }

  static func engineFailed(_ path: String, code: Int32) -> Self {
    Self(.engineFailed, "ended with code \(code) and without a verdict", file: path)
  }

  static func behaviourDiffers(_ reason: String, merged: String) -> Self {
    Self(.behaviourDiffers, reason, file: merged)
  }

  static func notADirectory(_ path: String) -> Self {
    Self(
      .notADirectory, "is a file; a directory with config.json and weights is meant", file: path,
      remedy: path.hasSuffix(".gguf")
        ? "Convert it first: graft convert \(path) -o DIRECTORY" : "Name the directory it lies in")
  }

  static func headEmpty(_ head: Head) -> Self {
    Self(
      .headEmpty, "is a head of zeros: every score would be the same", file: head.weight.file,
      tensor: head.weight.spec.name,
      remedy: "It was never trained, or lost on saving; take it from an earlier checkpoint")
  }

  static func headBroken(_ head: Head) -> Self {
    Self(
      .headBroken, "holds NaN or infinity: every score would be none", file: head.weight.file,
      tensor: head.weight.spec.name, remedy: "Take it from an earlier checkpoint")
  }

  static func noTensors(_ file: String) -> Self {
    Self(
      .noTensors, "holds no tensor", file: file,
      remedy: "It was written from a state dictionary that had lost them; save again")
  }

  static func invalidOption(_ name: String, _ value: String, expected: String) -> Self {
    Self(.invalidOption, "\(name) is '\(value)'; \(expected) was expected")
  }

  static func noPadding(_ file: String) -> Self {
    Self(
      .noPadding,
      "has no pad_token_id: transformers scores such a model one text at a time only, and "
        + "raises an error for a batch",
      file: file, remedy: "Set it to a token that ends no answer")
  }

  static func vocabularyMismatch(_ file: String, tokens: Int, rows: Int) -> Self {
    Self(
      .vocabularyMismatch,
      "has token ids up to \(tokens - 1), and the embedding has \(rows) rows", file: file,
      remedy: "Tokenizer and weights are of different models, or the embedding was not resized")
  }
}

extension GraftError {
  static func classifierHeadNotSaved(_ model: String, file: String) -> Self {
    Self(
      .headMissing,
      "was trained on a \(model) with task_type null, so its head was random and was not saved; "
        + "neither base nor adapter holds one",
      file: file,
      remedy:
        "Its rewards cannot be had back. Train again with task_type SEQ_CLS, or pass "
        + "--without-head to merge the rest")
  }

  static func headNotSaved(_ prefix: String, directory: String) -> Self {
    Self(
      .headMissing,
      "was trained with a head named '\(prefix)' (value_head_prefix in config.json), and holds none",
      file: directory,
      remedy:
        "The head was random and was never saved: its rewards cannot be had back. Train again "
        + "with modules_to_save: [\(prefix)], or pass --without-head to merge the rest")
  }
}
