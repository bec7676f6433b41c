import ChatTemplate
import Datasets
import Diagnostics

extension GraftError.Code {
  /// A line of an input is not what the command reads.
  static let malformedRow = Self("malformed-row", .input)
  /// Bytes that should be text are not UTF-8.
  static let notText = Self("not-text", .input)
  /// A chat template does not mark what the assistant says.
  static let unmarkedTemplate = Self("unmarked-template", .input)
}

extension GraftError {
  static func malformedRow(_ what: String) -> Self { Self(.malformedRow, "the line \(what)") }

  /// The failure of one line of an input; of another file, such as a template, with both places.
  func inRow(_ line: Int, of path: String) -> Self {
    var located = self
    if file == nil || file == path {
      located.file = path
      located.line = line
    } else {
      located.message += " (\(path), line \(line))"
    }
    return located
  }

  static func notText(_ file: String) -> Self { Self(.notText, "is not UTF-8 text", file: file) }

  static func textTooLong(limit: Int) -> Self {
    Self(
      .notText, "is longer than \(limit >> 20) MiB", file: "standard input",
      remedy: "Split the text, or give lines of it with --file")
  }

  static func noChatTemplate(_ directory: String) -> Self {
    Self(
      .noChatTemplate, "has no chat template, neither a file nor in its settings or metadata",
      file: directory, remedy: "Name a template's file instead of the model")
  }

  static func unmarkedTemplate(_ file: String) -> Self {
    Self(
      .unmarkedTemplate,
      "the chat template marks nothing as the assistant's: it has no 'generation' block",
      file: file,
      remedy: "Use a template for training, with {% generation %} around what the assistant says")
  }

  static func noTemplate(_ name: String, own: [String], formats: [ChatFormat]) -> Self {
    let known = own.map { "'\($0)'" }.joined(separator: ", ")
    let near = suggestion(for: name, among: own + formats.map(\.name))
    let hints = [
      own.isEmpty ? nil : "The model has \(known)", near.map { "Was '\($0)' meant?" },
    ]
    return Self(
      .unknownTemplate, "'\(name)' is neither a chat template of the model nor a chat format",
      remedy: hints.compactMap { $0 }.joined(separator: ". "))
  }

  static func formatNeedsModel(_ path: String) -> Self {
    Self(
      .invalidOption, "a chat format needs a tokenizer, and a template alone has none", file: path,
      remedy: "Name the model's directory or its GGUF file")
  }

  static let noFormat = Self(
    .invalidOption, "--model needs --template, the name of a chat format, except for preferences",
    remedy: "Name one, such as chatml, llama3, qwen or mistral; `default` is the plainest")

  static func noExamples(_ path: String) -> Self {
    Self(
      .malformedRow, "no row can be trained on; the reasons are above", file: path,
      remedy: "Check the layout: dataset_info.json, --stage, --cutoff-len")
  }

  static func idsNeedModel(_ path: String) -> Self {
    Self(
      .invalidOption, "--ids needs a tokenizer, and a template alone has none", file: path,
      remedy: "Name the model's directory or its GGUF file")
  }
}
