public import Checkpoint

/// VeRA: diag(b) · B · diag(d) · A, with random A and B that all layers share and each layer cuts
/// to its size.
///
/// Source: PEFT 0.21 `tuners/vera/layer.py`.
public struct VectorDelta: Sendable {
  /// Where A and B come from.
  public enum Projections: Sendable {
    /// From the file: A `[rank, at least in]`, B `[at least out, rank]`.
    case stored(a: any TensorSource, b: any TensorSource)
    /// Drawn again as PEFT drew them: A `[rank, columns]`, then B `[rows, rank]`.
    case drawn(seed: UInt64, columns: Int, rows: Int)

    var sources: [any TensorSource] {
      if case .stored(let a, let b) = self { [a, b] } else { [] }
    }
  }

  /// d, `[rank]`
  public var d: any TensorSource
  /// b, `[out]`
  public var b: any TensorSource
  /// The rank.
  public var rank: Int
  /// A and B.
  public var projections: Projections
  /// Whether the base holds the transpose.
  public var isTransposed = false
}
