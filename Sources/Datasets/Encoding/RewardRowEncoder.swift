public import Diagnostics
import StrictJSON
import Tokenization

/// Encodes preference rows as TRL's RewardTrainer does: messages through the model's chat template,
/// text with the token that ends it.
///
/// A row has `chosen` and `rejected` as text or messages, which may begin with the prompt or follow
/// a `prompt`; and perhaps `tools`, `chat_template_kwargs` and `margin`. Source: TRL 1.16,
/// `RewardTrainer._prepare_dataset`.
public struct RewardRowEncoder: Sendable {
  /// The ids of both answers with what they answer.
  public struct Pair: Sendable, Equatable {
    /// The preferred one.
    public var chosen: [Int32]
    /// The other one.
    public var rejected: [Int32]
    /// By how much at least the rewards are to differ.
    public var margin: Double

    /// Whether TRL keeps the pair: it leaves out, without a word, what is longer than `max_length`.
    public func fits(_ maxLength: Int) -> Bool {
      chosen.count <= maxLength && rejected.count <= maxLength
    }
  }

  private let encoder: ConversationEncoder

  /// An encoder for a model's tokenizer and chat template.
  public init(_ encoder: ConversationEncoder) { self.encoder = encoder }

  /// Encodes a row.
  ///
  /// - Throws: ``GraftError`` with file and line: a column is missing or of the wrong type, the
  ///   model has no chat template, or the template refuses.
  public func encode(_ row: DataRow, file: String) throws(GraftError) -> Pair {
    func problem(_ text: String) -> GraftError { .dataRow(text, file: file, line: row.line) }
    guard let object = row.value.object else {
      throw problem("a row must be an object, found \(row.value.kindName)")
    }
    var ids: [[Int32]] = []
    for name in ["chosen", "rejected"] {
      guard let answer = object[name], !answer.isNull else { throw problem("has no '\(name)'") }
      ids.append(
        try located(file, line: row.line) { () throws(GraftError) in
          try self.ids(of: answer, in: object, problem: problem)
        })
    }
    var margin = 0.0
    if let value = object["margin"], !value.isNull {
      guard let number = value.double, number.isFinite else {
        throw problem("'margin' must be a number, found \(value.kindName)")
      }
      margin = number
    }
    return Pair(chosen: ids[0], rejected: ids[1], margin: margin)
  }

  private func ids(
    of answer: JSONValue, in row: JSONObject, problem: (String) -> GraftError
  ) throws(GraftError) -> [Int32] {
    let prompt = row["prompt"].flatMap { $0.isNull ? nil : $0 }
    if let text = answer.string {
      let before = prompt?.string
      guard prompt == nil || before != nil else {
        throw problem("the prompt is \(prompt?.kindName ?? "?"), but the answers are text")
      }
      let end = encoder.tokenizer.eosToken ?? ""
      return try encoder.ids(
        of: (before ?? "") + text + (text.hasSuffix(end) ? "" : end))
    }
    guard let messages = answer.array else {
      throw problem("an answer must be text or messages, found \(answer.kindName)")
    }
    let before = prompt?.array
    guard prompt == nil || before != nil else {
      throw problem("the prompt is \(prompt?.kindName ?? "?"), but the answers are messages")
    }
    let all = (before ?? []) + messages
    guard !all.isEmpty else { throw problem("the conversation is empty") }
    for message in all {
      guard message.object != nil, message["role"]?.string != nil else {
        throw problem("a message must be an object with a 'role'")
      }
    }
    var tools = row["tools"].flatMap { $0.isNull ? nil : $0 }
    if let text = tools?.string { tools = try JSONValue.parse(text) }
    var variables: [String: JSONValue] = [:]
    for (name, value) in row["chat_template_kwargs"]?.object ?? JSONObject() {
      variables[name] = value
    }
    return try encoder.ids(of: all, tools: tools, variables: variables)
  }
}
