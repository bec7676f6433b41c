import Checkpoint
import Diagnostics
import TensorCore

/// LoHa and LoKr.
extension PlanBuilder {
  mutating func placeLoHa(_ factors: [AdapterFactor: any TensorSource], _ module: String) {
    if let core = factors[.hadaT1] ?? factors[.hadaT2] {
      return problem(.tuckerCore(core.spec.name, file: core.file))
    }
    guard
      let parts = require([.hadaW1A, .hadaW1B, .hadaW2A, .hadaW2B], of: factors, module),
      let spec = targetMatrix(module, for: parts[0])
    else { return }
    let settings: (rank: Int, scale: Double)
    do { settings = try rankAndScale(module) } catch { return problem(error) }
    let (rows, columns) = (spec.shape[0], spec.shape[1])
    for (part, shape) in zip(
      parts,
      [
        [rows, settings.rank], [settings.rank, columns], [rows, settings.rank],
        [settings.rank, columns],
      ]) where part.spec.shape != shape
    {
      return problem(.factorShape(part.spec, expected: shape, base: spec, file: part.file))
    }
    add(
      .hadamard(
        HadamardDelta(
          w1a: parts[0], w1b: parts[1], w2a: parts[2], w2b: parts[3], rank: settings.rank,
          scale: settings.scale)), to: spec.name)
  }

  mutating func placeLoKr(_ factors: [AdapterFactor: any TensorSource], _ module: String) {
    if let core = factors[.lokrT2] { return problem(.tuckerCore(core.spec.name, file: core.file)) }
    guard let left = kroneckerFactor(factors, .lokrW1, .lokrW1A, .lokrW1B, module),
      let right = kroneckerFactor(factors, .lokrW2, .lokrW2A, .lokrW2B, module),
      let spec = targetMatrix(module, for: left.sources[0])
    else { return }
    let settings: (rank: Int, scale: Double)
    do { settings = try rankAndScale(module) } catch { return problem(error) }
    for factor in [left, right] {
      guard factor.sources.allSatisfy({ $0.spec.shape.count == 2 }) else {
        return problem(.tuckerCore(factor.sources[0].spec.name, file: factor.sources[0].file))
      }
      if case .product(let a, let b) = factor,
        a.spec.shape[1] != settings.rank || b.spec.shape[0] != settings.rank
      {
        return problem(
          .rankMismatch(a: a.spec, b: b.spec, expected: settings.rank, file: a.file))
      }
    }
    let shape = [
      left.shape.rows * right.shape.rows, left.shape.columns * right.shape.columns,
    ]
    guard spec.shape == shape else {
      return problem(
        .factorShape(
          left.sources[0].spec, expected: spec.shape, base: spec, file: left.sources[0].file))
    }
    add(
      .kronecker(KroneckerDelta(left: left, right: right, scale: settings.scale)), to: spec.name)
  }

  private mutating func kroneckerFactor(
    _ factors: [AdapterFactor: any TensorSource], _ whole: AdapterFactor, _ a: AdapterFactor,
    _ b: AdapterFactor, _ module: String
  ) -> KroneckerDelta.Factor? {
    if let source = factors[whole] {
      if let other = factors[a] ?? factors[b] {
        problem(.landsTwice(other.spec.name, source.spec.name, file: other.file))
        return nil
      }
      return .whole(source)
    }
    guard factors[a] != nil || factors[b] != nil else {
      _ = require([whole], of: factors, module)
      return nil
    }
    return require([a, b], of: factors, module).map { .product($0[0], $0[1]) }
  }
}
