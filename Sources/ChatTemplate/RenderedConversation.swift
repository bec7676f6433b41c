/// What a chat template made of a conversation.
public struct RenderedConversation: Sendable, Equatable {
  /// The text.
  public var text: String
  /// What of the text the assistant says, in bytes of UTF-8: the template's `generation` blocks, in
  /// order. Empty where the template has none.
  public var assistantRanges: [Range<Int>]

  /// Creates a result.
  public init(text: String, assistantRanges: [Range<Int>] = []) {
    self.text = text
    self.assistantRanges = assistantRanges
  }
}
