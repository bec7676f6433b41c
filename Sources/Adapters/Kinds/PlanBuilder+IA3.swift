import Checkpoint
import Diagnostics
import TensorCore

extension PlanBuilder {
  mutating func placeIA3(_ factors: [AdapterFactor: any TensorSource], _ module: String) {
    guard let vector = factors[.ia3], let spec = targetMatrix(module, for: vector) else { return }
    let scalesInputs = rules.isFeedforward(module)
    let isTransposed = rules.isStoredTransposed(spec.name, in: base)
    let axis: ElementScale.Axis = scalesInputs == isTransposed ? .rows : .columns
    let count = spec.shape[axis == .rows ? 0 : 1]
    let shape = scalesInputs ? [1, count] : [count, 1]
    guard vector.spec.shape == shape else {
      return problem(.factorShape(vector.spec, expected: shape, base: spec, file: vector.file))
    }
    add(.scaled(ElementScale(factors: vector, axis: axis)), to: spec.name)
    if !scalesInputs, let bias = biasName(module), base[bias]?.elementCount == count {
      mean(bias)
      add(.scaled(ElementScale(factors: vector, axis: .columns)), to: bias)
    }
  }
}
