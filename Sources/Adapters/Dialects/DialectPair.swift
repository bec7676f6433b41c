import Checkpoint
import Diagnostics
import TensorCore

/// One pair of A and B on its way into another program's file.
struct DialectPair {
  /// The module's path as transformers names it, as in `model.layers.0.self_attn.q_proj`.
  var module: String
  /// A, `[rank, in]`.
  var a: any TensorSource
  /// B, `[out, rank]`.
  var b: any TensorSource
  var rank: Int
  /// The factor of B · A.
  var scale: Double
  /// The length of each output, `[out]`, where the change is DoRA's.
  var magnitude: (any TensorSource)?

  /// B times a factor; itself where that is 1.
  func scaledB(by factor: Double) -> any TensorSource {
    guard factor != 1 else { return b }
    let b = b
    let spec = TensorSpec(name: b.spec.name, dtype: .f32, shape: b.spec.shape)
    return ComputedSource(spec: spec, original: b) { () throws(GraftError) in
      try b.floats().map { Float(Double($0) * factor) }
    }
  }

  /// A and B with rows and columns of zeros up to a rank.
  static func padded(_ a: any TensorSource, _ b: any TensorSource, to rank: Int) -> (
    a: any TensorSource, b: any TensorSource
  ) {
    let own = a.spec.shape[0]
    guard own < rank else { return (a, b) }
    let width = a.spec.shape[1]
    let tall = ComputedSource(
      spec: TensorSpec(name: a.spec.name, dtype: a.spec.dtype, shape: [rank, width]), original: a
    ) { () throws(GraftError) in
      try a.floats() + [Float](repeating: 0, count: (rank - own) * width)
    }
    let height = b.spec.shape[0]
    let wide = ComputedSource(
      spec: TensorSpec(name: b.spec.name, dtype: b.spec.dtype, shape: [height, rank]), original: b
    ) { () throws(GraftError) in
      let values = try b.floats()
      var out = [Float](repeating: 0, count: height * rank)
      for row in 0..<height {
        for k in 0..<own { out[row * rank + k] = values[row * own + k] }
      }
      return out
    }
    return (tall, wide)
  }

  /// Every pair of a plan, by module; what is no plain pair is refused.
  static func all(
    of plan: AdapterPlan, base: ModelDirectory?, for dialect: AdapterDialect
  ) throws(GraftError) -> [DialectPair] {
    let path = plan.adapter.path
    if let whole = plan.replacements.keys.min() {
      throw .cannotHold(dialect, whole, "is a tensor that was trained whole", file: path)
    }
    var pairs: [DialectPair] = []
    for (name, steps) in plan.changes.sorted(by: { $0.key < $1.key }) {
      guard steps.count == 1, let (delta, magnitude) = Self.pair(steps[0], name, base),
        magnitude == nil || dialect == .mlx
      else {
        let how = steps.map(\.how).joined(separator: ", then ")
        throw .cannotHold(dialect, name, "is changed by '\(how)'", file: path)
      }
      var module = name.hasSuffix(".weight") ? String(name.dropLast(".weight".count)) : name
      if let names = base?.names, name != names.outputName, case let prefix = names.backbonePrefix,
        !name.hasPrefix(prefix)
      {
        module = prefix + module
      }
      pairs.append(
        DialectPair(
          module: module, a: delta.a, b: delta.b, rank: delta.rank, scale: delta.scale,
          magnitude: magnitude))
    }
    return pairs
  }

  /// The factors of a change, where they are one pair for the whole weight as PEFT stores it.
  private static func pair(
    _ change: TensorChange, _ name: String, _ base: ModelDirectory?
  ) -> (LowRankDelta, (any TensorSource)?)? {
    var magnitude: (any TensorSource)?
    let delta: LowRankDelta
    switch change {
    case .lowRank(let plain): delta = plain
    case .weightDecomposed(let decomposed, let length): (delta, magnitude) = (decomposed, length)
    default: return nil
    }
    if delta.isPlain { return (delta, magnitude) }
    // An embedding holds the transpose of B · A, and so it does in the other formats.
    let isEmbedding =
      name == base?.names.embeddingName || name.hasSuffix("embed_tokens.weight")
    let isWhole = delta.expert == nil && delta.rows == nil && delta.place == nil
    return isEmbedding && isWhole ? (delta, magnitude) : nil
  }
}
