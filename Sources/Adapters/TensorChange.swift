public import Checkpoint

/// One thing that an adapter does to a tensor of the base, as data: Merge computes it, Verify
/// computes it again in its own way.
///
/// The changes of one tensor apply in their order, after ``AdapterPlan/replacements``.
public enum TensorChange: Sendable {
  /// W + scale · B · A.
  case lowRank(LowRankDelta)
  /// DoRA: W + scale · B · A, each output rescaled to the length in `magnitude` `[out]`.
  case weightDecomposed(LowRankDelta, magnitude: any TensorSource)
  /// LoHa.
  case hadamard(HadamardDelta)
  /// LoKr.
  case kronecker(KroneckerDelta)
  /// VeRA.
  case vectors(VectorDelta)
  /// IA3.
  case scaled(ElementScale)
  /// OFT.
  case rotated(BlockRotation)
  /// A vector times a factor, added to a bias: the bias of B.
  case added(any TensorSource, scale: Double)
  /// Rows replaced: trained tokens.
  case rows(RowReplacement)

  /// The adapter tensors that it is computed from.
  public var sources: [any TensorSource] {
    switch self {
    case .lowRank(let delta): [delta.a, delta.b]
    case .weightDecomposed(let delta, let magnitude): [delta.a, delta.b, magnitude]
    case .hadamard(let delta): [delta.w1a, delta.w1b, delta.w2a, delta.w2b]
    case .kronecker(let delta): delta.left.sources + delta.right.sources
    case .vectors(let delta): [delta.d, delta.b] + delta.projections.sources
    case .scaled(let scale): [scale.factors]
    case .rotated(let rotation): [rotation.angles]
    case .added(let vector, _): [vector]
    case .rows(let rows): [rows.values]
    }
  }

  /// What it does, in words, as in "base + 2.0 · B · A, rank 8".
  public var how: String {
    switch self {
    case .lowRank(let delta): delta.how
    case .weightDecomposed(let delta, _): "\(delta.how), rescaled by the trained magnitude (DoRA)"
    case .hadamard(let delta):
      "base + \(delta.scale) · (W1a · W1b) ∘ (W2a · W2b), rank \(delta.rank) (LoHa)"
    case .kronecker(let delta): "base + \(delta.scale) · W1 ⊗ W2 (LoKr)"
    case .vectors(let delta):
      "base + diag(b) · B · diag(d) · A with shared random A and B, rank \(delta.rank) (VeRA)"
    case .scaled(let scale):
      scale.axis == .columns ? "each column scaled (IA3)" : "each row scaled (IA3)"
    case .rotated(let rotation): "inputs rotated in blocks of \(rotation.blockSize) (OFT)"
    case .added(_, let scale): "base + \(scale) · bias of B"
    case .rows(let rows): "\(rows.ids.count) rows replaced by trained ones"
    }
  }

  /// The pair, where W + scale · B · A with A and B as they are stored is all there is to it.
  public var plainDelta: LowRankDelta? {
    if case .lowRank(let delta) = self, delta.isPlain { delta } else { nil }
  }

  /// The pair of A and B, where there is one.
  public var lowRank: LowRankDelta? {
    switch self {
    case .lowRank(let delta), .weightDecomposed(let delta, _): delta
    default: nil
    }
  }
}

extension LowRankDelta {
  fileprivate var how: String {
    var words = "base + \(scale) · B · A, rank \(rank)"
    if isTransposed { words += ", transposed" }
    if let expert { words += ", expert \(expert.index)" }
    return words
  }
}
