import Checkpoint
public import TensorCore

extension Adapter {
  /// The base tensors that the adapter's own tensors imply: their names without wrappers, and the
  /// shapes that its factors multiply to; an extent that nothing tells is 1.
  ///
  /// With them an adapter can be checked for what it lacks in itself, when no base is at hand.
  public var impliedBase: [TensorSpec] {
    var modules: [String: [AdapterFactor: TensorSpec]] = [:]
    var specs: [String: TensorSpec] = [:]
    func imply(_ name: String, _ shape: [Int]) {
      if specs[name] == nil { specs[name] = TensorSpec(name: name, dtype: .f32, shape: shape) }
    }
    for name in store.names {
      guard let spec = store[name]?.spec, !spec.shape.contains(0) else { continue }
      let key = AdapterKey(name)
      switch key.part {
      case .factor(let factor): modules[key.module, default: [:]][factor] = spec
      case .parameter(let parameter), .baseParameter(let parameter), .savedParameter(let parameter):
        let target = "\(key.module).\(parameter)"
        specs[target] = TensorSpec(name: target, dtype: spec.dtype, shape: spec.shape)
      case .original, .unsupported: continue
      }
    }
    let rules = try? ModuleRules(config)
    for (module, factors) in modules {
      if rules?.isTarget(module) == false,
        let (name, shape) = impliedExperts(module, factors, rules)
      {
        imply(name, shape)
        continue
      }
      guard let shape = impliedShape(module, factors, shared: modules[""] ?? [:]) else { continue }
      imply(module + ".weight", shape)
      if factors[.loraBBias] != nil { imply(module + ".bias", [shape[0]]) }
    }
    return specs.values.sorted { $0.name < $1.name }
  }

  private func impliedShape(
    _ module: String, _ factors: [AdapterFactor: TensorSpec], shared: [AdapterFactor: TensorSpec]
  ) -> [Int]? {
    func rows(_ factor: AdapterFactor) -> Int { factors[factor]?.rowCount ?? 1 }
    func columns(_ factor: AdapterFactor) -> Int { factors[factor]?.rowElementCount ?? 1 }
    if let tokens = factors[.tokens] {
      let last = config.trainedTokens.flatMap(\.ids).max() ?? 0
      return [last + 1, tokens.rowElementCount]
    }
    if factors[.embeddingA] != nil || factors[.embeddingB] != nil {
      return [columns(.embeddingA), rows(.embeddingB)]
    }
    if factors[.loraA] != nil || factors[.loraB] != nil { return [rows(.loraB), columns(.loraA)] }
    if factors[.hadaW1A] != nil { return [rows(.hadaW1A), columns(.hadaW1B)] }
    if factors[.lokrW1] != nil || factors[.lokrW1A] != nil {
      let left = factors[.lokrW1].map { ($0.rowCount, $0.rowElementCount) }
      let right = factors[.lokrW2].map { ($0.rowCount, $0.rowElementCount) }
      let (a, b) = left ?? (rows(.lokrW1A), columns(.lokrW1B))
      let (c, d) = right ?? (rows(.lokrW2A), columns(.lokrW2B))
      return [a * c, b * d]
    }
    if let vector = factors[.ia3] { return vector.shape.count == 2 ? vector.shape : nil }
    if let vector = factors[.veraLambdaB] {
      return [vector.elementCount, shared[.veraA]?.rowElementCount ?? 1]
    }
    if let angles = factors[.oftR] {
      let size = Int((1 + Double(1 + 8 * angles.rowElementCount).squareRoot()) / 2)
      return [1, angles.rowCount * size]
    }
    return nil
  }

  /// The parameter of all experts that a pair on their module is for.
  private func impliedExperts(
    _ path: String, _ factors: [AdapterFactor: TensorSpec], _ rules: ModuleRules?
  ) -> (name: String, shape: [Int])? {
    guard let a = factors[.loraA], let b = factors[.loraB] else { return nil }
    let parts = path.split(separator: ".")
    let module = parts.filter { $0 != "base_layer" }.joined(separator: ".")
    let depth = parts.count { $0 == "base_layer" }
    let known = ["gate_up_proj", "down_proj"]
    let targeted = config.targetParameters.filter { parameter in
      parameter.split(separator: ".").dropLast().reversed().elementsEqual(
        module.split(separator: ".").suffix(parameter.split(separator: ".").count - 1).reversed())
    }.map(lastComponent).sorted {
      (known.firstIndex(of: $0) ?? 9, $0) < (known.firstIndex(of: $1) ?? 9, $1)
    }
    guard depth < targeted.count else { return nil }
    let name = "\(module).\(targeted[targeted.count - 1 - depth])"
    guard let rank = try? rules?.rankAndAlpha(name).rank, a.rowCount % rank == 0 else { return nil }
    return (name, [a.rowCount / rank, b.rowCount, a.rowElementCount])
  }
}
