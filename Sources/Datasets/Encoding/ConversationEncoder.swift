import ChatTemplate
public import Diagnostics
public import StrictJSON
public import Tokenization

/// Turns text and conversations into the ids that a model reads, by the model's own files.
///
/// The scoring contract: text is tokenized with the special tokens that the tokenizer adds; a
/// conversation is rendered by the model's chat template without a generation prompt, and the
/// result is tokenized as it is. Training uses the same ids.
public struct ConversationEncoder: Sendable {
  /// The model's tokenizer.
  public let tokenizer: Tokenizer
  private let template: ChatTemplate?
  private let directory: String

  /// Reads tokenizer and chat template of the model in `directory`.
  ///
  /// - Throws: ``GraftError`` if a file is missing or broken.
  public init(directory: String) throws(GraftError) {
    self.directory = directory
    tokenizer = try Tokenizer(directory: directory)
    if let source = tokenizer.chatTemplateSource {
      template = try ChatTemplate(source)
    } else {
      template = nil
    }
  }

  /// The day that the chat template writes into a text, if it writes one: tokens differ from day to
  /// day.
  public var date: String? {
    guard tokenizer.chatTemplateSource?.contains("strftime_now") == true else { return nil }
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
  ///   - addingGenerationPrompt: whether the beginning of an answer follows.
  ///   - variables: what else the template may read.
  /// - Throws: ``GraftError`` if the model has no chat template, or the template refuses.
  public func ids(
    of messages: [JSONValue], tools: JSONValue? = nil, addingGenerationPrompt: Bool = false,
    variables: [String: JSONValue] = [:]
  ) throws(GraftError) -> [Int32] {
    try tokenizer.encode(
      try text(
        of: messages, tools: tools, addingGenerationPrompt: addingGenerationPrompt,
        variables: variables),
      addingSpecialTokens: false)
  }

  /// A conversation as the chat template renders it.
  public func text(
    of messages: [JSONValue], tools: JSONValue? = nil, addingGenerationPrompt: Bool = false,
    variables: [String: JSONValue] = [:]
  ) throws(GraftError) -> String {
    guard let template else { throw .noChatTemplate(directory) }
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
