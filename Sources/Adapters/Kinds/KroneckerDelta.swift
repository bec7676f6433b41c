public import Checkpoint
import TensorCore

/// LoKr: scale · W1 ⊗ W2, where each factor is stored whole or as a product of two matrices.
///
/// Source: PEFT 0.21 `tuners/lokr/layer.py`.
public struct KroneckerDelta: Sendable {
  /// A factor of the Kronecker product.
  public enum Factor: Sendable {
    /// `[rows, columns]`
    case whole(any TensorSource)
    /// `[rows, rank]` times `[rank, columns]`
    case product(any TensorSource, any TensorSource)

    /// The tensors.
    public var sources: [any TensorSource] {
      switch self {
      case .whole(let source): [source]
      case .product(let a, let b): [a, b]
      }
    }

    /// The shape of the factor.
    public var shape: (rows: Int, columns: Int) {
      switch self {
      case .whole(let source): (source.spec.rowCount, source.spec.rowElementCount)
      case .product(let a, let b): (a.spec.rowCount, b.spec.rowElementCount)
      }
    }
  }

  /// W1, the factor whose elements are multiplied by all of W2.
  public var left: Factor
  /// W2.
  public var right: Factor
  /// alpha / rank, whether or not a factor has that rank
  public var scale: Double
}
