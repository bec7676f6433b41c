import ChatTemplate
public import Diagnostics
public import StrictJSON
public import Tokenization

/// Turns text and conversations into the ids that a model reads, by the model's own files.
///
/// The scoring contract: text is tokenized with the special tokens that the tokenizer adds; a
/// conversation is rendered by the model's chat template without a generation prompt, and the
/// result is tokenized as it is; or it is written by the chat format that the model was trained
/// with, piece by piece as LLaMA-Factory does. Training uses the same ids.
public struct ConversationEncoder: Sendable {
  /// What writes conversations.
  private enum Writer {
    case nothing
    case template(ChatTemplate)
    case format(FormatTokenizer)
  }

  /// The model's tokenizer.
  public let tokenizer: Tokenizer
  /// The chat format that takes the place of the model's own template.
  public let choice: FormatChoice?
  private var writer: Writer
  private let directory: String

  /// Reads tokenizer and chat template of the model in `directory`.
  ///
  /// - Parameter choice: a chat format to write conversations by; where nil, that of the directory's
  ///   `chat_format.json`, else the model's own template.
  /// - Throws: ``GraftError`` if a file is missing or broken, the format is unknown, or the
  ///   tokenizer lacks one of its tokens.
  public init(directory: String, choice: FormatChoice? = nil) throws(GraftError) {
    let recorded = try FormatChoice(directory: directory)
    self.directory = directory
    self.choice = choice ?? recorded
    tokenizer = try Tokenizer(directory: directory)
    if let choice = self.choice {
      writer = .format(
        try FormatTokenizer(.named(choice.name), tokenizer, options: choice.options))
    } else if let source = tokenizer.chatTemplateSource {
      writer = .template(try ChatTemplate(source))
    } else {
      writer = .nothing
    }
  }

  /// The chat format with the tokenizer, where one takes the place of the model's own template.
  var format: FormatTokenizer? {
    if case .format(let format) = writer { format } else { nil }
  }

  /// The day that goes into a conversation, where one does: tokens differ from day to day.
  public var date: String? {
    switch writer {
    case .nothing: return nil
    case .template:
      guard tokenizer.chatTemplateSource?.contains("strftime_now") == true else { return nil }
    case .format(let format): guard format.format.tools == .llama3 else { return nil }
    }
    let now = TemplateDate.current
    return "\(now.year)-\(now.month)-\(now.day)"
  }

  /// The number of ids that the tokenizer knows.
  public var vocabularySize: Int { tokenizer.vocabularySize }

  /// The ids of plain text, with the tokenizer's special tokens around them.
  public func ids(of text: String) throws(GraftError) -> [Int32] { try tokenizer.encode(text) }

  /// The ids of a conversation.
  ///
  /// - Parameters:
  ///   - messages: objects with `role` and `content`.
  ///   - tools: a list of tools that the template may show.
  ///   - addingGenerationPrompt: whether the beginning of an answer follows; a chat format writes it
  ///     after every question.
  ///   - variables: what else the template may read.
  /// - Throws: ``GraftError`` if the model has no chat template, or the template refuses.
  public func ids(
    of messages: [JSONValue], tools: JSONValue? = nil, addingGenerationPrompt: Bool = false,
    variables: [String: JSONValue] = [:]
  ) throws(GraftError) -> [Int32] {
    if let format {
      guard variables.isEmpty else {
        throw .formatVariables(variables.keys.sorted(), of: format.format.name)
      }
      let conversation = try Conversation(
        messages: ChatTemplate.withoutNulls(messages), tools: tools)
      return try format.ids(of: format.wholeElements(conversation))
    }
    return try tokenizer.encode(
      try text(
        of: messages, tools: tools, addingGenerationPrompt: addingGenerationPrompt,
        variables: variables),
      addingSpecialTokens: false)
  }

  /// A chat template that writes what the chat format writes, for a model that has none of its own;
  /// nil where it has one, or no template can.
  public var missingTemplate: String? {
    tokenizer.chatTemplateSource == nil ? format?.chatTemplate : nil
  }

  /// What to say at the beginning of a run where a chat format takes the place of the model's own
  /// template: whether both write the same.
  public func formatNote() throws(GraftError) -> String? {
    guard let name = choice?.name else { return nil }
    guard let source = tokenizer.chatTemplateSource else {
      return "note: conversations are written by the chat format '\(name)'"
    }
    let probe: [JSONValue] = [
      ["role": "system", "content": "Be brief."], ["role": "user", "content": "How are you?"],
      ["role": "assistant", "content": "Well, thank you."],
    ]
    var own = self
    own.writer = .template(try ChatTemplate(source))
    // A template that refuses the probe says nothing about others.
    guard let theirs = try? own.ids(of: probe) else { return nil }
    guard try ids(of: probe) != theirs else { return nil }
    return
      "note: the chat format '\(name)' gives a conversation other tokens than the model's own "
      + "template; \(FormatChoice.fileName) goes along, so that scoring uses the same"
  }

  /// A conversation as the chat template renders it.
  func text(
    of messages: [JSONValue], tools: JSONValue? = nil, addingGenerationPrompt: Bool = false,
    variables: [String: JSONValue] = [:]
  ) throws(GraftError) -> String {
    guard case .template(let template) = writer else { throw .noChatTemplate(directory) }
    var own: [String: JSONValue] = [:]
    for (name, token) in [
      ("bos_token", tokenizer.bosToken), ("eos_token", tokenizer.eosToken),
      ("pad_token", tokenizer.padToken), ("unk_token", tokenizer.unkToken),
    ] {
      if let token { own[name] = .string(token) }
    }
    own.merge(variables) { _, given in given }
    return try template.render(
      messages: ChatTemplate.withoutNulls(messages), addGenerationPrompt: addingGenerationPrompt,
      tools: tools, variables: own)
  }
}

/// Adds the place of a row to what goes wrong with it.
package func located<Result>(
  _ file: String, line: Int, _ body: () throws(GraftError) -> Result
) throws(GraftError) -> Result {
  do throws(GraftError) {
    return try body()
  } catch {
    var error = error
    error.file = file
    error.line = line
    throw error
  }
}
