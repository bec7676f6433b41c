public import ChatTemplate

/// What decides the tokens of examples, by LLaMA-Factory's names and defaults.
public struct EncodingOptions: Sendable, Equatable {
  /// The longest sequence, in tokens (`cutoff_len`).
  public var cutoff = 2048
  /// Whether prompts are trained on (`train_on_prompt`).
  public var trainsOnPrompt = false
  /// Whether only the last answer of a conversation is trained on (`mask_history`).
  public var masksHistory = false
  /// Whether examples are packed into sequences of one length (`packing`).
  public var packs = false
  /// Whether thoughts are kept, for formats of reasoning models; nil stands for what the format
  /// does by itself (`enable_thinking`).
  public var thinks: Bool? = true
  /// Whether the thoughts of earlier answers are kept (`preserve_thinking`).
  public var preservesThinking = false
  /// The system's text where a conversation has none (`default_system`); nil for the format's own.
  public var defaultSystem: String?
  /// Examples that are packed, or paired for feedback, among each other
  /// (`preprocessing_batch_size`).
  public var batchSize = 1000
  /// The date that some formats mention.
  public var date = TemplateDate.current

  /// LLaMA-Factory's defaults.
  public init() {}
}
