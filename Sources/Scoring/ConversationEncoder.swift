import ChatTemplate
public import Diagnostics
public import StrictJSON
import Tokenization

/// Turns text and conversations into the ids that a model reads, by the model's own files.
///
/// The scoring contract: text is tokenized with the special tokens that the tokenizer adds; a
/// conversation is rendered by the model's chat template without a generation prompt, and the
/// result is tokenized as it is. Training uses the same ids.
public struct ConversationEncoder: Sendable {
  private let tokenizer: Tokenizer
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

  /// The number of ids that the tokenizer knows.
  public var vocabularySize: Int { tokenizer.vocabularySize }

  /// The ids of plain text, with the tokenizer's special tokens around them.
  public func ids(of text: String) throws(GraftError) -> [Int32] { try tokenizer.encode(text) }

  /// The ids of a conversation.
  ///
  /// - Parameters:
  ///   - messages: objects with `role` and `content`.
  ///   - addingGenerationPrompt: whether the beginning of an answer follows.
  /// - Throws: ``GraftError`` if the model has no chat template, or the template refuses.
  public func ids(
    of messages: [JSONValue], addingGenerationPrompt: Bool = false
  ) throws(GraftError) -> [Int32] {
    try tokenizer.encode(
      try text(of: messages, addingGenerationPrompt: addingGenerationPrompt),
      addingSpecialTokens: false)
  }

  /// A conversation as the chat template renders it.
  public func text(
    of messages: [JSONValue], addingGenerationPrompt: Bool = false
  ) throws(GraftError) -> String {
    guard let template else { throw .noChatTemplate(directory) }
    var variables: [String: JSONValue] = [:]
    for (name, token) in [
      ("bos_token", tokenizer.bosToken), ("eos_token", tokenizer.eosToken),
      ("pad_token", tokenizer.padToken), ("unk_token", tokenizer.unkToken),
    ] {
      if let token { variables[name] = .string(token) }
    }
    return try template.render(
      messages: messages, addGenerationPrompt: addingGenerationPrompt, variables: variables)
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
