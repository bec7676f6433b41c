import Checkpoint
import Diagnostics
import StrictJSON
import TensorCore

extension PlanBuilder {
  mutating func placeLoRA(_ factors: [AdapterFactor: any TensorSource], _ module: String) {
    if factors[.embeddingA] != nil || factors[.embeddingB] != nil {
      return placeEmbedding(factors, module)
    }
    if !adapter.config.targetParameters.isEmpty, !rules.isTarget(module) {
      guard let pair = require([.loraA, .loraB], of: factors, module) else { return }
      return placeExperts(a: pair[0], b: pair[1], module)
    }
    placePair(factors, module)
  }

  private mutating func placePair(
    _ factors: [AdapterFactor: any TensorSource], _ module: String
  ) {
    guard let pair = require([.loraA, .loraB], of: factors, module) else { return }
    let (a, b) = (pair[0], pair[1])
    if let fused = placeInFused(module) {
      return placeExpertPair(a: a, b: b, module, in: fused)
    }
    guard let spec = targetMatrix(module, for: a), let delta = makeDelta(a, b, module, spec.name)
    else { return }
    var fitted = delta
    guard
      let isTransposed = orientation(
        spec, rows: b.spec.rowCount, columns: a.spec.rowElementCount)
    else { return problem(.doesNotFit(a: a.spec, b: b.spec, base: spec, file: a.file)) }
    fitted.isTransposed = isTransposed
    addPair(fitted, magnitude: factors[.magnitude])
    if let bias = factors[.loraBBias] { placeBias(bias, module, scale: delta.scale) }
  }

  private mutating func placeEmbedding(
    _ factors: [AdapterFactor: any TensorSource], _ module: String
  ) {
    guard let pair = require([.embeddingA, .embeddingB], of: factors, module) else { return }
    let (a, b) = (pair[0], pair[1])
    guard let spec = targetMatrix(module, for: a), var delta = makeDelta(a, b, module, spec.name)
    else { return }
    guard spec.shape == [a.spec.rowElementCount, b.spec.rowCount] else {
      return problem(.doesNotFit(a: a.spec, b: b.spec, base: spec, file: a.file))
    }
    delta.isTransposed = true
    addPair(delta, magnitude: factors[.magnitude])
  }

  private mutating func addPair(_ delta: LowRankDelta, magnitude: (any TensorSource)?) {
    let wantsMagnitude = adapter.config.json["use_dora"]?.bool == true
    guard let magnitude else {
      if wantsMagnitude {
        return problem(
          .halfPair(delta.a.spec.name, missing: "lora_magnitude_vector", file: delta.a.file))
      }
      return add(.lowRank(delta), to: delta.target)
    }
    guard wantsMagnitude else {
      return problem(
        .notTargeted(magnitude.spec.name, module: "DoRA (use_dora)", file: configFile))
    }
    let outputs = delta.b.spec.rowCount
    guard magnitude.spec.elementCount == outputs else {
      return problem(.vectorLength(magnitude.spec, expected: outputs, file: magnitude.file))
    }
    add(.weightDecomposed(delta, magnitude: magnitude), to: delta.target)
  }

  private mutating func placeBias(
    _ bias: any TensorSource, _ module: String, scale: Double
  ) {
    guard adapter.config.json["lora_bias"]?.bool == true else {
      return problem(
        .notTargeted(bias.spec.name, module: "the bias of B (lora_bias)", file: configFile))
    }
    guard let target = biasName(module) else {
      return problem(.noBiasInBase(bias.spec.name, module: module, file: bias.file))
    }
    if let spec = base[target], spec.elementCount != bias.spec.elementCount {
      return problem(.vectorLength(bias.spec, expected: spec.elementCount, file: bias.file))
    }
    mean(target)
    add(.added(bias, scale: scale), to: target)
  }

  /// The base's bias beside the weight that a module means.
  func biasName(_ module: String) -> String? {
    guard let weight = matchedName(module + ".weight"), weight.hasSuffix("weight") else {
      return nil
    }
    let name = weight.dropLast("weight".count) + "bias"
    return base[String(name)] == nil ? nil : String(name)
  }

  /// The delta with rank and scale by the configuration, which the tensors must agree with.
  func rankAndScale(
    _ path: String
  ) throws(GraftError) -> (rank: Int, scale: Double) {
    let (rank, alpha) = try rules.rankAndAlpha(path)
    return (rank, adapter.config.scale(rank: rank, alpha: alpha))
  }

  private mutating func makeDelta(
    _ a: any TensorSource, _ b: any TensorSource, _ module: String, _ target: String
  ) -> LowRankDelta? {
    let settings: (rank: Int, scale: Double)
    do { settings = try rankAndScale(module) } catch {
      problem(error)
      return nil
    }
    guard a.spec.shape.count == 2, b.spec.shape.count == 2, a.spec.rowCount == settings.rank,
      b.spec.rowElementCount == settings.rank
    else {
      problem(.rankMismatch(a: a.spec, b: b.spec, expected: settings.rank, file: a.file))
      return nil
    }
    return LowRankDelta(target: target, a: a, b: b, rank: settings.rank, scale: settings.scale)
  }

  /// Whether the base stores the transpose of a layer with these outputs and inputs; nil where
  /// neither fits.
  func orientation(_ spec: TensorSpec, rows: Int, columns: Int) -> Bool? {
    let fits = spec.shape == [rows, columns]
    let fitsTransposed = spec.shape == [columns, rows]
    if fits, fitsTransposed { return rules.isStoredTransposed(spec.name, in: base) }
    return fits ? false : fitsTransposed ? true : nil
  }
}
