public import Checkpoint

/// LoHa: scale · (W1a · W1b) ∘ (W2a · W2b), element by element.
///
/// Source: PEFT 0.21 `tuners/loha/layer.py`.
public struct HadamardDelta: Sendable {
  /// `[out, rank]`
  public var w1a: any TensorSource
  /// `[rank, in]`
  public var w1b: any TensorSource
  /// `[out, rank]`
  public var w2a: any TensorSource
  /// `[rank, in]`
  public var w2b: any TensorSource
  /// The rank.
  public var rank: Int
  /// alpha / rank
  public var scale: Double
}
