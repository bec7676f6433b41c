public import Diagnostics

extension GraftError.Code {
  /// A model has no chat template of a name.
  public static let unknownTemplate = Self("unknown-template", .input)
  /// A chat template is not valid.
  public static let invalidTemplate = Self("invalid-template", .input)
  /// A chat template uses something that is not built in.
  public static let unsupportedTemplate = Self("unsupported-template", .input)
  /// A chat template refuses a conversation by its own words.
  public static let templateRefusal = Self("template-refusal", .input)
  /// A chat template failed on a conversation.
  public static let templateFailure = Self("template-failure", .input)
  /// A chat template takes too many steps, too much memory, or is nested too deeply.
  public static let templateLimit = Self("template-limit", .input)
}

extension GraftError {
  static func malformedTemplateList(_ file: String) -> Self {
    Self(
      .invalidTemplate,
      "chat_template must be a string, or a list of objects with 'name' and 'template'", file: file)
  }

  static func templateNotText(_ file: String, line: Int) -> Self {
    Self(.invalidTemplate, "the chat template is not UTF-8 text", file: file, line: line)
  }

  static func unknownTemplate(_ name: String, among names: [String]) -> Self {
    let known = names.map { "'\($0)'" }.joined(separator: ", ")
    return Self(
      .unknownTemplate, "the model has no chat template '\(name)'",
      remedy: names.isEmpty ? "Name a template's file" : "There are \(known)")
  }

  static func invalidTemplate(_ what: String, file: String?, line: Int) -> Self {
    Self(
      .invalidTemplate, "the chat template is not valid: \(what)", file: file, line: line,
      remedy: "Fetch the template again, or correct it")
  }

  static func unsupportedTag(_ name: String, file: String?, line: Int) -> Self {
    Self(
      .unsupportedTemplate, "the chat template uses the tag '\(name)', which is not supported",
      file: file, line: line, remedy: "Write the template as one file without it")
  }

  static func unknown(_ kind: String, _ name: String, near: String?) -> Self {
    Self(
      .unsupportedTemplate, "the chat template uses the \(kind) '\(name)', which does not exist",
      remedy: near.map { "Was '\($0)' meant?" })
  }

  static func nondeterministic(_ what: String) -> Self {
    Self(
      .unsupportedTemplate,
      "the chat template uses the \(what), which gives another text each time",
      remedy: "Take what it gives out of the template; a model's input must not depend on chance")
  }

  static func mixedFields() -> Self {
    .wrongArgument("format", "fields are numbered in one place and not in another")
  }

  static func noBytes(_ method: String) -> Self {
    Self(
      .unsupportedTemplate,
      "the chat template calls '\(method)', which makes or reads bytes; templates have text only")
  }

  static func templateRefusal(_ message: String) -> Self {
    Self(
      .templateRefusal, "the chat template refuses the conversation: \(message)",
      remedy: "Change the conversation's roles or order to what the model was trained on")
  }

  static func templateFailure(_ what: String) -> Self {
    Self(
      .templateFailure, "the chat template failed: \(what)",
      remedy: "Check that the conversation has the keys that the template reads")
  }

  static func forbiddenMethod(_ name: String, of type: String) -> Self {
    .templateFailure("'\(name)' would change a \(type), which templates may not")
  }

  static func undefinedUse(_ what: String) -> Self { .templateFailure("\(what) is undefined") }

  static func wrongArgument(_ function: String, _ what: String) -> Self {
    .templateFailure("\(function): \(what)")
  }

  static func wrongOperands(_ operation: String, _ a: String, _ b: String) -> Self {
    .templateFailure("\(operation) does not work on \(a) and \(b)")
  }

  static func templateLimit(_ what: String) -> Self {
    Self(
      .templateLimit, "the chat template was stopped: \(what)",
      remedy: "The template may be broken or hostile; use the model's own")
  }
}
