public import ChatTemplate
public import Diagnostics

/// What a chat format makes of a conversation.
public struct FormattedConversation: Sendable, Equatable {
  /// The text, and what of it the assistant says.
  public var rendered: RenderedConversation
  /// The ids, which may differ from those of the text as a whole: pieces are tokenized one by one.
  public var ids: [Int32] = []
  /// For each id, whether the assistant says it, with what ends the answer: what is trained on.
  public var isAssistant: [Bool] = []
}

extension FormatTokenizer {
  /// A conversation as LLaMA-Factory writes it for training; one that ends with a question as it
  /// writes it for an answer, up to where the assistant begins to speak.
  ///
  /// - Throws: ``GraftError`` if tools, or calls of them, cannot be written.
  public func formatted(_ conversation: Conversation) throws(GraftError) -> FormattedConversation {
    let (system, tools) = (conversation.system, conversation.tools)
    var pairs: [(prompt: [Element], answer: [Element])] = []
    if conversation.endsWithQuestion {
      let turns = conversation.turns + [Turn(.assistant, "")]
      let prompt = try oneTurnElements(turns, system: system, tools: tools).prompt
      pairs = [(prompt, [])]
    } else {
      pairs = try pairElements(
        conversation.turns, system: system, tools: tools, discardsHistory: false)
      if format.endsOnce, let eos { pairs[pairs.count - 1].answer.append(.token(eos)) }
    }
    var result = FormattedConversation(rendered: RenderedConversation(text: ""))
    var ranges: [Range<Int>] = []
    for (elements, isAnswer) in pairs.flatMap({ [($0.prompt, false), ($0.answer, true)] }) {
      let start = result.rendered.text.utf8.count
      result.rendered.text += text(of: elements)
      if isAnswer, !elements.isEmpty { ranges.append(start..<result.rendered.text.utf8.count) }
      let ids = try ids(of: elements)
      result.ids += ids
      result.isAssistant += [Bool](repeating: isAnswer, count: ids.count)
    }
    result.rendered.assistantRanges = ranges
    return result
  }
}
