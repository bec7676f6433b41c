public import Diagnostics
public import Tokenization

/// A chat format with a model's tokenizer: what it needs of the vocabulary is there.
public struct FormatTokenizer: Sendable {
  /// The format.
  public let format: ChatFormat
  /// The tokenizer.
  public let tokenizer: Tokenizer
  /// The id that ends a text, with the format's own end in its place.
  public let eos: Int32?
  /// The id that fills up.
  public let pad: Int32?
  private let options: EncodingOptions

  /// Brings both together.
  ///
  /// - Throws: ``GraftError`` if the tokenizer lacks a token of the format.
  public init(
    _ format: ChatFormat, _ tokenizer: Tokenizer, options: EncodingOptions
  ) throws(GraftError) {
    self.format = format
    self.tokenizer = tokenizer
    self.options = options
    for word in format.stopWords where tokenizer.id(of: word) == nil {
      throw .formatToken(word, of: format.name)
    }
    var eos = tokenizer.eosTokenID
    if format.replacesEnd, let first = format.stopWords.first { eos = tokenizer.id(of: first) }
    if eos == nil {
      eos = tokenizer.id(of: "<|endoftext|>")
      if eos == nil { throw .formatToken("<|endoftext|>", of: format.name) }
    }
    self.eos = eos
    pad = tokenizer.padTokenID ?? eos
  }

  /// The system's text where a conversation has none.
  var defaultSystem: String { options.defaultSystem ?? format.defaultSystem }

  /// What a slot becomes: text that is tokenized by itself, or one token.
  enum Element: Equatable {
    case text(String)
    case token(Int32)
  }

  /// One message after the other.
  private func messages(
    _ turns: [Turn], system: String, tools: String
  ) throws(GraftError) -> [[Element]] {
    let system = system.isEmpty ? defaultSystem : system
    var written: [[Element]] = []
    for (i, turn) in turns.enumerated() {
      var elements: [Element] = []
      var content = turn.content
      if i == 0 {
        elements += try self.elements(format.prefix, content: "")
        if !system.isEmpty || !tools.isEmpty {
          let about =
            tools.isEmpty ? "" : try format.tools.text(ofTools: tools, date: options.date)
          if format.style == .systemInFirstTurn {
            if case .text(let text)? = format.system.first {
              content = Self.filled(text, with: system + about) + content
            }
          } else {
            elements += try self.elements(format.system, content: system + about)
          }
        }
      }
      switch turn.role {
      case .user, .system:
        let index = format.style == .systemInFirstTurn ? nil : i / 2
        elements += try self.elements(format.user, content: content, index: index)
      case .assistant: elements += try self.elements(format.assistant, content: turn.content)
      case .observation: elements += try self.elements(format.observation, content: turn.content)
      case .function:
        elements += try self.elements(
          format.function, content: format.tools.text(ofCalls: turn.content))
      }
      written.append(elements)
    }
    return written
  }

  private static func filled(_ text: String, with content: String) -> String {
    guard let range = text.range(of: "{{content}}") else { return text }
    return text[..<range.lowerBound] + content + text[range.upperBound...]
  }

  private func elements(
    _ slots: [ChatFormat.Slot], content: String, index: Int? = nil
  ) throws(GraftError) -> [Element] {
    var elements: [Element] = []
    for slot in slots {
      switch slot {
      case .text(let text):
        var filled = Self.filled(text, with: content)
        // The reference fills this in too, wherever in a question it stands.
        if let index, let range = filled.range(of: "{{idx}}") {
          filled.replaceSubrange(range, with: String(index))
        }
        if !filled.isEmpty { elements.append(.text(filled)) }
      case .token(let token):
        guard let id = tokenizer.id(of: token) else { throw .formatToken(token, of: format.name) }
        elements.append(.token(id))
      case .bos: if let bos = tokenizer.bosTokenID { elements.append(.token(bos)) }
      case .eos: if let eos { elements.append(.token(eos)) }
      }
    }
    return elements
  }

  /// The ids of what was written.
  func ids(of elements: [Element]) throws(GraftError) -> [Int32] {
    var ids: [Int32] = []
    for element in elements {
      switch element {
      case .text(let text): ids += try tokenizer.encode(text, addingSpecialTokens: false)
      case .token(let id): ids.append(id)
      }
    }
    return ids
  }

  /// The text of what was written.
  func text(of elements: [Element]) -> String {
    elements.map {
      switch $0 {
      case .text(let text): text
      case .token(let id): tokenizer.token(of: id) ?? ""
      }
    }.joined()
  }

  // MARK: Prompts and answers

  /// A conversation as one prompt and the last answer, with what ends it.
  func oneTurn(
    _ turns: [Turn], system: String, tools: String
  ) throws(GraftError) -> (prompt: [Int32], answer: [Int32]) {
    let pair = try oneTurnElements(turns, system: system, tools: tools)
    return (try ids(of: pair.prompt), try ids(of: pair.answer))
  }

  /// A conversation as a reward model reads it: the prompt, and the last answer if there is one.
  func wholeElements(_ conversation: Conversation) throws(GraftError) -> [Element] {
    let (system, tools) = (conversation.system, conversation.tools)
    guard conversation.endsWithQuestion else {
      let pair = try oneTurnElements(conversation.turns, system: system, tools: tools)
      return pair.prompt + pair.answer
    }
    let turns = conversation.turns + [Turn(.assistant, "")]
    return try oneTurnElements(turns, system: system, tools: tools).prompt
  }

  func oneTurnElements(
    _ turns: [Turn], system: String, tools: String
  ) throws(GraftError) -> (prompt: [Element], answer: [Element]) {
    var turns = turns
    let isReasoning = format.style == .reasoning
    if isReasoning {
      if !options.preservesThinking {
        for i in stride(from: 1, to: turns.count - 2, by: 2) { turns[i].dropThought() }
      }
      if options.thinks == false { turns[turns.count - 1].dropThought() }
    }
    let written = try messages(turns, system: system, tools: tools)
    var prompt = Array(written.dropLast().joined())
    var answer = written.last ?? []
    if isReasoning, let last = turns.last, !last.hasThought {
      if options.thinks == true {
        answer.insert(.text(ChatFormat.emptyThought), at: 0)
      } else {
        prompt.append(.text(ChatFormat.emptyThought))
      }
    }
    if format.endsOnce, let eos { answer.append(.token(eos)) }
    return (prompt, answer)
  }

  /// A conversation as pairs of a prompt and an answer.
  func pairs(
    _ turns: [Turn], system: String, tools: String, discardsHistory: Bool
  ) throws(GraftError) -> [(prompt: [Int32], answer: [Int32])] {
    var pairs: [(prompt: [Int32], answer: [Int32])] = []
    for pair in try pairElements(
      turns, system: system, tools: tools, discardsHistory: discardsHistory)
    {
      pairs.append((try ids(of: pair.prompt), try ids(of: pair.answer)))
    }
    return pairs
  }

  func pairElements(
    _ turns: [Turn], system: String, tools: String, discardsHistory: Bool
  ) throws(GraftError) -> [(prompt: [Element], answer: [Element])] {
    var turns = turns
    let isReasoning = format.style == .reasoning
    if isReasoning {
      if options.thinks == false {
        for i in stride(from: 1, to: turns.count, by: 2) { turns[i].dropThought() }
      }
      if discardsHistory {
        for i in stride(from: 1, to: turns.count - 2, by: 2) { turns[i].dropThought() }
      }
    }
    var written = try messages(turns, system: system, tools: tools)
    if isReasoning {
      let first = discardsHistory ? turns.count - 2 : 0
      for i in stride(from: first, to: turns.count, by: 2) where !turns[i + 1].hasThought {
        if options.thinks == true {
          written[i + 1].insert(.text(ChatFormat.emptyThought), at: 0)
        } else {
          written[i].append(.text(ChatFormat.emptyThought))
        }
      }
    }
    return stride(from: 0, to: written.count, by: 2).map { (written[$0], written[$0 + 1]) }
  }
}

extension Turn {
  /// Whether the words of a thought stand in the content, without the space around them.
  fileprivate var hasThought: Bool {
    content.range(of: "<think>") != nil || content.range(of: "</think>") != nil
  }

  /// Takes out all thoughts, and the line breaks before what is left.
  fileprivate mutating func dropThought() {
    var out = ""
    var rest = content[...]
    while let start = rest.range(of: "<think>\n"),
      let end = rest[start.upperBound...].range(of: "\n</think>\n\n")
    {
      out += rest[..<start.lowerBound]
      rest = rest[end.upperBound...]
    }
    out += rest
    content = String(String.UnicodeScalarView(out.unicodeScalars.drop { $0 == "\n" }))
  }
}
