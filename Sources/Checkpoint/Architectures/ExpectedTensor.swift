/// A tensor that a model of some family and configuration must have.
public struct ExpectedTensor: Sendable, Hashable {
  /// What part of a model it is.
  public enum Kind: Sendable {
    /// The rows of the vocabulary.
    case embedding
    /// Learned positions.
    case position
    /// A weight or a bias of a linear layer.
    case linear
    /// The layer that chooses experts.
    case router
    /// A matrix of one expert, or all experts' matrices in one tensor.
    case expert
    /// A weight or a bias of a normalisation.
    case norm
    /// The output matrix of a language model.
    case output
    /// A classifier's head.
    case head
    /// A tensor of a part that no table describes.
    case other
  }

  /// A matrix that lies in a fused one, by the name it has where it stands alone.
  public struct Part: Sendable, Hashable {
    /// As in "q_proj" of "qkv_proj".
    public var name: String
    /// How many of the fused matrix's outputs it is.
    public var count: Int
    /// How many consecutive outputs make one group, where the parts of all groups alternate (one
    /// group per key-value head); all of ``count`` where they do not.
    public var groupCount: Int
  }

  /// The full name.
  public var name: String
  /// The shape, outermost first.
  public var shape: [Int]
  /// What it is.
  public var kind: Kind
  /// Whether a checkpoint may lack it (an output matrix that is tied to the embedding).
  public var isOptional: Bool
  /// Whether a linear layer's weight is stored `[in, out]` rather than `[out, in]`.
  public var isTransposed: Bool
  /// The matrices that were put into one, in the order of their outputs; empty where it is one.
  public var parts: [Part]

  /// Expects a tensor.
  public init(
    name: String, shape: [Int], kind: Kind, isOptional: Bool = false, isTransposed: Bool = false,
    parts: [Part] = []
  ) {
    self.name = name
    self.shape = shape
    self.kind = kind
    self.isOptional = isOptional
    self.isTransposed = isTransposed
    self.parts = parts
  }
}
