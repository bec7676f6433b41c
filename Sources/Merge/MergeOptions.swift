public import TensorCore

/// What a user may choose about a merge.
public struct MergeOptions: Sendable {
  /// The type of the merged floating-point tensors; nil keeps each tensor's own.
  public var dtype: DType?
  /// The size above which another weight file is begun, in bytes.
  public var shardByteLimit: Int
  /// Whether an adapter that changes nothing may be merged.
  public var allowsNoEffect: Bool
  /// Whether a tied model may be untied, where the adapter changes one side only.
  public var allowsUntying = true
  /// Whether an adapter may be merged into another base than its graft.json names.
  public var allowsOtherBase = false
  /// Whether the base is what training left when it took its start out of the weights (PiSSA).
  public var baseIsResidual = false
  /// What becomes of a head in a file of its own.
  public var head: HeadCarriage

  /// Whether what the merge rounds away and leaves out is kept beside the output, so that it can be
  /// taken back bit for bit.
  public var keepsResidue = false
  /// Whether a quantised base is merged into as the numbers that it computes with.
  public var dequantises = false

  /// Chooses; the defaults keep types and split at 5 GB.
  public init(
    dtype: DType? = nil, shardByteLimit: Int = 5_000_000_000, allowsNoEffect: Bool = false,
    head: HeadCarriage = .keep
  ) {
    self.dtype = dtype
    self.shardByteLimit = shardByteLimit
    self.allowsNoEffect = allowsNoEffect
    self.head = head
  }
}
