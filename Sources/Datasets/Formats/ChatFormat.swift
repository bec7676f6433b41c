public import Diagnostics

/// How LLaMA-Factory writes a conversation for a family of models: its `template:` names.
///
/// Unlike a chat template, a format turns every message into a few pieces that are tokenized one
/// by one, so that the ids of a prompt never depend on the answer.
public struct ChatFormat: Sendable, Equatable {
  /// A piece of a message.
  public enum Slot: Sendable, Equatable {
    /// Text, in which `{{content}}` stands for what the message says.
    case text(String)
    /// One token of the vocabulary.
    case token(String)
    /// The token that begins a text, if the tokenizer has one.
    case bos
    /// The token that ends a text, if the tokenizer has one.
    case eos
  }

  /// What is special about a family.
  public enum Style: Sendable, Equatable {
    /// Nothing.
    case plain
    /// The system's text stands within the first question.
    case systemInFirstTurn
    /// Answers begin with a thought, which may be empty.
    case reasoning
  }

  /// The name.
  public var name: String
  /// What is special.
  public var style = Style.plain
  /// What a conversation begins with.
  public var prefix: [Slot] = []
  /// The system's text.
  public var system: [Slot] = [.text("{{content}}")]
  /// A question.
  public var user: [Slot]
  /// An answer.
  public var assistant: [Slot] = [.text("{{content}}"), .eos]
  /// What a tool gives.
  public var observation: [Slot]
  /// An answer that calls tools.
  public var function: [Slot]
  /// How tools and calls of them are written.
  public var tools = ToolFormat.default
  /// The system's text where a conversation has none.
  public var defaultSystem = ""
  /// Tokens that end an answer.
  public var stopWords: [String] = []
  /// Whether the token that ends a text stands once, after the last answer.
  public var endsOnce = false
  /// Whether the first stop word takes the place of the tokenizer's own end.
  public var replacesEnd = false

  /// Creates a format; what is not given is as LLaMA-Factory has it.
  public init(
    name: String, style: Style = .plain, prefix: [Slot] = [],
    system: [Slot] = [.text("{{content}}")], user: [Slot],
    assistant: [Slot] = [.text("{{content}}"), .eos], observation: [Slot]? = nil,
    function: [Slot]? = nil, tools: ToolFormat = .default, defaultSystem: String = "",
    stopWords: [String] = [], endsOnce: Bool = false, replacesEnd: Bool = false
  ) {
    self.name = name
    self.style = style
    self.prefix = prefix
    self.system = system
    self.user = user
    self.assistant = assistant
    self.observation = observation ?? user
    self.function = function ?? assistant
    self.tools = tools
    self.defaultSystem = defaultSystem
    self.stopWords = stopWords
    self.endsOnce = endsOnce
    self.replacesEnd = replacesEnd
  }

  /// What may stand before a name, where something else could have it too.
  public static let namePrefix = "llamafactory:"

  /// The format of a name, perhaps after ``namePrefix``.
  ///
  /// - Throws: ``GraftError`` that names the one that may be meant.
  public static func named(_ name: String) throws(GraftError) -> ChatFormat {
    let name = name.hasPrefix(namePrefix) ? String(name.dropFirst(namePrefix.count)) : name
    guard let format = all.first(where: { $0.name == name }) else {
      throw .unknownFormat(name, meant: suggestion(for: name, among: all.map(\.name)))
    }
    return format
  }

  /// What an empty thought is written as.
  static let emptyThought = "<think>\n\n</think>\n\n"
}
