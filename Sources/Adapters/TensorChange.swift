public import Checkpoint

/// One thing that an adapter does to a tensor of the base, as data: Merge computes it, Verify
/// computes it again in its own way.
///
/// The changes of one tensor apply in their order, after ``AdapterPlan/replacements``.
public enum TensorChange: Sendable {
  /// W + scale · B · A.
  case lowRank(LowRankDelta)

  /// The adapter tensors that it is computed from.
  public var sources: [any TensorSource] {
    switch self {
    case .lowRank(let delta): [delta.a, delta.b]
    }
  }

  /// What it does, in words, as in "base + 2.0 · B · A, rank 8".
  public var how: String {
    switch self {
    case .lowRank(let delta): "base + \(delta.scale) · B · A, rank \(delta.rank)"
    }
  }

  /// The pair, where W + scale · B · A with A and B as they are stored is all there is to it.
  public var plainDelta: LowRankDelta? {
    switch self {
    case .lowRank(let delta): delta
    }
  }

  /// The pair of A and B, where there is one.
  public var lowRank: LowRankDelta? {
    switch self {
    case .lowRank(let delta): delta
    }
  }
}
