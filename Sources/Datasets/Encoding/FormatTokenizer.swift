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

  /// The ids of one message after the other.
  func messages(_ turns: [Turn], system: String, tools: String) throws(GraftError) -> [[Int32]] {
    let system = system.isEmpty ? options.defaultSystem ?? format.defaultSystem : system
    var encoded: [[Int32]] = []
    for (i, turn) in turns.enumerated() {
      var ids: [Int32] = []
      var content = turn.content
      if i == 0 {
        ids += try self.ids(format.prefix, content: "")
        if !system.isEmpty || !tools.isEmpty {
          let about =
            tools.isEmpty ? "" : try format.tools.text(ofTools: tools, date: options.date)
          if format.style == .systemInFirstTurn {
            if case .text(let text)? = format.system.first {
              content = Self.filled(text, with: system + about) + content
            }
          } else {
            ids += try self.ids(format.system, content: system + about)
          }
        }
      }
      switch turn.role {
      case .user, .system: ids += try self.ids(format.user, content: content)
      case .assistant: ids += try self.ids(format.assistant, content: turn.content)
      case .observation: ids += try self.ids(format.observation, content: turn.content)
      case .function:
        ids += try self.ids(format.function, content: format.tools.text(ofCalls: turn.content))
      }
      encoded.append(ids)
    }
    return encoded
  }

  private static func filled(_ text: String, with content: String) -> String {
    guard let range = text.range(of: "{{content}}") else { return text }
    return text[..<range.lowerBound] + content + text[range.upperBound...]
  }

  private func ids(_ slots: [ChatFormat.Slot], content: String) throws(GraftError) -> [Int32] {
    var ids: [Int32] = []
    for slot in slots {
      switch slot {
      case .text(let text):
        let filled = Self.filled(text, with: content)
        if !filled.isEmpty { ids += try tokenizer.encode(filled, addingSpecialTokens: false) }
      case .token(let token):
        guard let id = tokenizer.id(of: token) else { throw .formatToken(token, of: format.name) }
        ids.append(id)
      case .bos: if let bos = tokenizer.bosTokenID { ids.append(bos) }
      case .eos: if let eos { ids.append(eos) }
      }
    }
    return ids
  }

  // MARK: Prompts and answers

  /// A conversation as one prompt and the last answer.
  func oneTurn(
    _ turns: [Turn], system: String, tools: String
  ) throws(GraftError) -> (prompt: [Int32], answer: [Int32]) {
    var turns = turns
    let isReasoning = format.style == .reasoning
    if isReasoning {
      if !options.preservesThinking {
        for i in stride(from: 1, to: turns.count - 2, by: 2) { turns[i].dropThought() }
      }
      if options.thinks == false { turns[turns.count - 1].dropThought() }
    }
    let encoded = try messages(turns, system: system, tools: tools)
    var prompt = Array(encoded.dropLast().joined())
    var answer = encoded.last ?? []
    if isReasoning, let last = turns.last, !last.hasThought {
      let thought = try tokenizer.encode(ChatFormat.emptyThought, addingSpecialTokens: false)
      if options.thinks == true { answer = thought + answer } else { prompt += thought }
    }
    return (prompt, answer)
  }

  /// A conversation as pairs of a prompt and an answer.
  func pairs(
    _ turns: [Turn], system: String, tools: String, discardsHistory: Bool
  ) throws(GraftError) -> [(prompt: [Int32], answer: [Int32])] {
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
    var encoded = try messages(turns, system: system, tools: tools)
    if isReasoning {
      let first = discardsHistory ? turns.count - 2 : 0
      for i in stride(from: first, to: turns.count, by: 2) where !turns[i + 1].hasThought {
        let thought = try tokenizer.encode(ChatFormat.emptyThought, addingSpecialTokens: false)
        if options.thinks == true {
          encoded[i + 1] = thought + encoded[i + 1]
        } else {
          encoded[i] += thought
        }
      }
    }
    return stride(from: 0, to: encoded.count, by: 2).map { (encoded[$0], encoded[$0 + 1]) }
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
