/// Token ids and what is trained on.
public struct EncodedSequence: Sendable, Equatable {
  /// The ids.
  public var ids: [Int32]
  /// For each id itself, or ``ignored`` where nothing is to be learned.
  public var labels: [Int32]

  /// The label of what is not trained on.
  public static let ignored: Int32 = -100

  /// Creates a sequence.
  public init(ids: [Int32] = [], labels: [Int32] = []) {
    self.ids = ids
    self.labels = labels
  }

  /// A prompt that is not trained on, and an answer that is.
  init(prompt: [Int32], answer: [Int32]) {
    ids = prompt + answer
    labels = [Int32](repeating: Self.ignored, count: prompt.count) + answer
  }
}

/// An example as a model trains on it.
public enum EncodedExample: Sendable, Equatable {
  /// A text or a conversation.
  case sequence(EncodedSequence)
  /// Two answers to one prompt; the first is preferred.
  case pair(chosen: EncodedSequence, rejected: EncodedSequence)
  /// An answer that is desired or not, and one to another prompt for comparison.
  case feedback(EncodedSequence, other: EncodedSequence, isDesired: Bool)
  /// Several sequences end to end, filled up to one length.
  case packed(PackedSequence)
}

/// Several sequences end to end, filled up to one length.
public struct PackedSequence: Sendable, Equatable {
  /// Ids and labels; what fills up is not trained on.
  public var sequence: EncodedSequence
  /// The position of each id in its own sequence; 0 in what fills up.
  public var positions: [Int32]
  /// Which sequence an id is of, from 1; 0 in what fills up.
  public var segments: [Int32]
}

/// What training reads of an example: LLaMA-Factory's stages.
public enum EncodingStage: String, Sendable, CaseIterable {
  /// Text for continued pre-training.
  case pt
  /// Conversations.
  case sft
  /// Preferences: reward models, DPO.
  case rm
  /// Feedback on single answers.
  case kto
}
