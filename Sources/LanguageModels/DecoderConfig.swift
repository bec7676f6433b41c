/// The shape of a decoder of the Llama family.
public struct DecoderConfig: Sendable, Equatable {
  /// The number of tokens in the vocabulary.
  public var vocabularySize: Int
  /// The width of the residual stream.
  public var hiddenSize: Int
  /// The width inside the feed-forward block.
  public var intermediateSize: Int
  /// The number of layers.
  public var layerCount: Int
  /// The number of query heads.
  public var headCount: Int
  /// The number of key and value heads; divides ``headCount``.
  public var keyValueHeadCount: Int
  /// The width of one head.
  public var headSize: Int
  /// Added to the mean square in the norms.
  public var normEpsilon: Double
  /// How positions turn queries and keys.
  public var rotary: RotaryConfig
  /// Whether the attention's four linear layers have biases.
  public var attentionBias: Bool
  /// Whether the feed-forward block's three linear layers have biases.
  public var mlpBias: Bool
  /// Whether the output matrix is the input embedding.
  public var tiesEmbeddings: Bool

  /// Creates a shape; see the properties.
  public init(
    vocabularySize: Int, hiddenSize: Int, intermediateSize: Int, layerCount: Int, headCount: Int,
    keyValueHeadCount: Int? = nil, headSize: Int? = nil, normEpsilon: Double = 1e-6,
    rotary: RotaryConfig = RotaryConfig(), attentionBias: Bool = false, mlpBias: Bool = false,
    tiesEmbeddings: Bool = false
  ) {
    self.vocabularySize = vocabularySize
    self.hiddenSize = hiddenSize
    self.intermediateSize = intermediateSize
    self.layerCount = layerCount
    self.headCount = headCount
    self.keyValueHeadCount = keyValueHeadCount ?? headCount
    self.headSize = headSize ?? hiddenSize / headCount
    self.normEpsilon = normEpsilon
    self.rotary = rotary
    self.attentionBias = attentionBias
    self.mlpBias = mlpBias
    self.tiesEmbeddings = tiesEmbeddings
  }
}
