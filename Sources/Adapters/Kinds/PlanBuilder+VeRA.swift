import Checkpoint
import Diagnostics
import StrictJSON
import TensorCore

extension PlanBuilder {
  mutating func placeVeRA(_ factors: [AdapterFactor: any TensorSource], _ module: String) {
    guard let vectors = require([.veraD, .veraLambdaB], of: factors, module),
      let spec = targetMatrix(module, for: vectors[0])
    else { return }
    let (d, b) = (vectors[0], vectors[1])
    let rank = adapter.config.rank
    guard d.spec.elementCount == rank else {
      return problem(.vectorLength(d.spec, expected: rank, file: d.file))
    }
    let isTransposed =
      spec.shape[0] == spec.shape[1]
      ? rules.isStoredTransposed(spec.name, in: base) : b.spec.elementCount != spec.shape[0]
    let (outputs, inputs) =
      isTransposed ? (spec.shape[1], spec.shape[0]) : (spec.shape[0], spec.shape[1])
    guard b.spec.elementCount == outputs else {
      return problem(.vectorLength(b.spec, expected: outputs, file: b.file))
    }
    guard let projections = projections(rank, outputs: outputs, inputs: inputs) else { return }
    var delta = VectorDelta(d: d, b: b, rank: rank, projections: projections)
    delta.isTransposed = isTransposed
    add(.vectors(delta), to: spec.name)
  }

  private mutating func projections(
    _ rank: Int, outputs: Int, inputs: Int
  ) -> VectorDelta.Projections? {
    let shared = modules[""] ?? [:]
    if !shared.isEmpty {
      guard let pair = require([.veraA, .veraB], of: shared, "vera") else { return nil }
      let (a, b) = (pair[0], pair[1])
      guard a.spec.shape.count == 2, b.spec.shape.count == 2, a.spec.rowCount == rank,
        b.spec.rowElementCount == rank, a.spec.rowElementCount >= inputs, b.spec.rowCount >= outputs
      else {
        problem(.rankMismatch(a: a.spec, b: b.spec, expected: rank, file: a.file))
        return nil
      }
      return .stored(a: a, b: b)
    }
    if adapter.config.json["save_projection"]?.bool ?? true {
      problem(.projectionsMissing(file: adapter.path))
      return nil
    }
    guard let key = (adapter.config.json["projection_prng_key"] ?? 0).int, key >= 0 else {
      problem(.projectionsMissing(file: configFile))
      return nil
    }
    let largest = largestTarget
    return .drawn(seed: UInt64(key), columns: largest.inputs, rows: largest.outputs)
  }

  /// The largest numbers of inputs and outputs among the targeted layers, which PEFT sizes the
  /// shared matrices by.
  private var largestTarget: (inputs: Int, outputs: Int) {
    var out = (inputs: 0, outputs: 0)
    for module in modules.keys where !module.isEmpty {
      guard let target = matchedName(module + ".weight"), let spec = base[target],
        spec.shape.count == 2
      else { continue }
      let isTransposed = rules.isStoredTransposed(target, in: base)
      out.inputs = max(out.inputs, spec.shape[isTransposed ? 0 : 1])
      out.outputs = max(out.outputs, spec.shape[isTransposed ? 1 : 0])
    }
    return out
  }
}
