public import Checkpoint

/// Single rows of an embedding that are replaced by trained ones.
///
/// Source: PEFT 0.21 `tuners/trainable_tokens`; the values replace, though PEFT calls them deltas.
public struct RowReplacement: Sendable {
  /// The rows of the embedding.
  public var ids: [Int]
  /// Their values in the same order, `[ids.count, dim]`.
  public var values: any TensorSource
}
