public import Checkpoint

/// What one pair of A and B adds to one weight of the base: scale · B · A.
public struct LowRankDelta: Sendable {
  /// The base tensor, as in `model.layers.0.self_attn.q_proj.weight`.
  public var target: String
  /// A, `[rank, in]`.
  public var a: any TensorSource
  /// B, `[out, rank]`.
  public var b: any TensorSource
  /// The rank.
  public var rank: Int
  /// The factor: alpha / rank, or alpha / √rank.
  public var scale: Double

  /// Creates a delta; the shapes must fit.
  public init(
    target: String, a: any TensorSource, b: any TensorSource, rank: Int, scale: Double
  ) {
    self.target = target
    self.a = a
    self.b = b
    self.rank = rank
    self.scale = scale
  }
}
