public import Checkpoint

/// OFT: W · Rᵀ, where R is block-diagonal and each block comes from a skew-symmetric Q by Cayley's
/// transform (I − Q)(I + Q)⁻¹, or by the first terms of its series.
///
/// Source: PEFT 0.21 `tuners/oft/layer.py`.
public struct BlockRotation: Sendable {
  /// The upper triangles of Q without the diagonal, row by row: `[blocks, n (n − 1) / 2]`; one
  /// row where all blocks are the same.
  public var angles: any TensorSource
  /// The width n of a block.
  public var blockSize: Int
  /// How many terms of the series PEFT sums; nil for the exact transform.
  public var terms: Int?
  /// The largest length of Q where it is limited (COFT), as PEFT computes it from `eps`.
  public var limit: Double?
}
