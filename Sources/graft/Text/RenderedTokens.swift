import ChatTemplate
import Datasets
import Diagnostics
import Tokenization

/// The ids of a rendered conversation, and which of them the assistant says.
struct RenderedTokens {
  let ids: [Int32]
  /// A value for each id; nil if it was not asked for.
  let isAssistant: [Bool]?

  /// Tokenizes without special tokens, because templates write those themselves. A token is the
  /// assistant's as transformers' `return_assistant_tokens_mask` counts.
  init(
    _ rendering: RenderedModel.Rendering, _ tokenizer: Tokenizer, marked: Bool
  ) throws(GraftError) {
    if let formatted = rendering.formatted {
      ids = formatted.ids
      isAssistant = marked ? formatted.isAssistant : nil
      return
    }
    let text = rendering.conversation.text
    guard marked else {
      ids = try tokenizer.encode(text, addingSpecialTokens: false)
      isAssistant = nil
      return
    }
    let encoding = try tokenizer.encoding(of: text, addingSpecialTokens: false)
    ids = encoding.ids
    var marks = [Bool](repeating: false, count: ids.count)
    for range in rendering.conversation.characterRanges where range.upperBound > 0 {
      // From the first token that holds the first character to the first that holds the last.
      guard
        let start = encoding.offsets.firstIndex(where: { $0.contains(range.lowerBound) })
      else { break }
      let last = encoding.offsets.firstIndex { $0.contains(range.upperBound - 1) } ?? 0
      let end = last > 0 ? last + 1 : ids.count
      if start < end { for i in start..<end { marks[i] = true } }
    }
    isAssistant = marks
  }
}
