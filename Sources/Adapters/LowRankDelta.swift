public import Checkpoint
import TensorCore

/// What one pair of A and B adds to one tensor of the base: scale · B · A, or a part of it.
public struct LowRankDelta: Sendable {
  /// One expert's share of factors that hold all experts of a layer.
  public struct Expert: Sendable, Hashable {
    /// Which expert.
    public var index: Int
    /// How many there are. A holds rows `index · rank ..< (index + 1) · rank` for this one, B the
    /// columns `k · count + index`.
    public var count: Int

    /// Names a share.
    public init(index: Int, of count: Int) {
      self.index = index
      self.count = count
    }
  }

  /// Where in a tensor of all experts, `[experts, rows, columns]`, the product goes.
  public struct Place: Sendable, Hashable {
    /// The index along the first axis.
    public var slice: Int
    /// The first row within the slice.
    public var firstRow: Int

    /// Names a place.
    public init(slice: Int, firstRow: Int) {
      self.slice = slice
      self.firstRow = firstRow
    }
  }

  /// The base tensor, as in `model.layers.0.self_attn.q_proj.weight`.
  public var target: String
  /// A, `[rank, in]`, or `[experts · rank, in]`.
  public var a: any TensorSource
  /// B, `[out, rank]`, or `[out, rank · experts]`.
  public var b: any TensorSource
  /// The rank.
  public var rank: Int
  /// The factor: alpha / rank, or alpha / √rank.
  public var scale: Double
  /// Whether the base holds the transpose of what B · A gives, as embeddings and GPT-2's layers do.
  public var isTransposed = false
  /// Whose share of A and B it is, where they hold several experts.
  public var expert: Expert?
  /// The rows of the product (after transposing) that the target holds; nil for all.
  public var rows: Range<Int>?
  /// Where in the target they go; nil where they fill it.
  public var place: Place?

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

  /// Whether the target is W + scale · B · A with A and B as they are stored.
  public var isPlain: Bool { !isTransposed && expert == nil && rows == nil && place == nil }

  /// The number of columns of the target that the product fills.
  public var columnCount: Int { isTransposed ? b.spec.rowCount : a.spec.rowElementCount }

  /// The number of rows of the target that the product fills.
  public var rowCount: Int {
    rows?.count ?? (isTransposed ? a.spec.rowElementCount : b.spec.rowCount)
  }
}
