public import Diagnostics
public import StrictJSON

/// A model's chat template: Jinja, rendered as transformers renders it.
///
/// A template comes with a model, from wherever that came from: it can read nothing but the
/// values that it is given, and its steps, its texts and its nesting are bounded.
public struct ChatTemplate: Sendable {
  let body: [Statement]
  private let file: String?

  /// Whether the template marks what the assistant says, with `generation` blocks.
  public let marksAssistant: Bool

  /// Reads a template.
  ///
  /// - Parameters:
  ///   - source: the template's text.
  ///   - file: where it is from, for errors.
  /// - Throws: ``GraftError`` with the line, if the template is not valid or uses what is not
  ///   built in.
  public init(_ source: String, file: String? = nil) throws(GraftError) {
    self.file = file
    do {
      var parser = Parser(try Lexer.tokens(of: source, file: file), file: file)
      body = try parser.parseTemplate()
      marksAssistant = parser.hasGenerationBlock
    } catch {
      var located = error
      located.file = located.file ?? file
      throw located
    }
  }

  /// Messages without their members that are null, as transformers hands them to templates: many
  /// print `None`, or fail, where a member is there and null.
  public static func withoutNulls(_ messages: [JSONValue]) -> [JSONValue] {
    messages.map { message in
      guard let object = message.object, object.contains(where: { $0.1.isNull }) else {
        return message
      }
      var kept = JSONObject()
      for (key, value) in object where !value.isNull { kept[key] = value }
      return .object(kept)
    }
  }

  /// A message with its reasoning under the names that templates read it by, as transformers
  /// hands it to them.
  private static func withReasoning(_ message: JSONValue) -> JSONValue {
    guard let object = message.object,
      let reasoning = ["reasoning_content", "thinking", "reasoning"].lazy
        .compactMap({ object[$0] }).first(where: { !$0.isNull })
    else { return message }
    var all = JSONObject()
    all["thinking"] = reasoning
    for (key, value) in object { all[key] = value }
    all["reasoning_content"] = reasoning
    return .object(all)
  }

  /// The text of a conversation.
  ///
  /// - Parameters:
  ///   - messages: objects with `role`, `content` and whatever else the template reads.
  ///   - addGenerationPrompt: whether the text ends where the assistant begins to speak.
  ///   - tools: the descriptions of functions that may be called.
  ///   - variables: more values, such as `bos_token`; these win over the others.
  ///   - now: the date that the template sees.
  /// - Throws: ``GraftError`` if the template refuses the conversation, fails on it, or takes too
  ///   long.
  public func render(
    messages: [JSONValue], addGenerationPrompt: Bool, tools: JSONValue? = nil,
    variables: [String: JSONValue] = [:], now: TemplateDate = .current
  ) throws(GraftError) -> String {
    try renderMarked(
      messages: messages, addGenerationPrompt: addGenerationPrompt, tools: tools,
      variables: variables, now: now
    ).text
  }

  /// The text of a conversation, and what of it the assistant says.
  ///
  /// As ``render(messages:addGenerationPrompt:tools:variables:now:)``.
  public func renderMarked(
    messages: [JSONValue], addGenerationPrompt: Bool, tools: JSONValue? = nil,
    variables: [String: JSONValue] = [:], now: TemplateDate = .current
  ) throws(GraftError) -> RenderedConversation {
    let scope = Scope(parent: nil)
    scope.set("messages", Value(.array(messages.map(Self.withReasoning))))
    scope.set("add_generation_prompt", .bool(addGenerationPrompt))
    scope.set("tools", tools.map(Value.init) ?? .none)
    scope.set("documents", .none)
    for (name, value) in variables { scope.set(name, Value(value)) }
    let renderer = Renderer(file: file, now: now)
    let text = try renderer.run(body, Scope(parent: scope))
    return RenderedConversation(text: text, assistantRanges: renderer.assistantRanges)
  }
}
