import Checkpoint
import Diagnostics
import StrictJSON
import TensorCore

extension PlanBuilder {
  mutating func placeOFT(_ factors: [AdapterFactor: any TensorSource], _ module: String) {
    guard let angles = factors[.oftR], let spec = targetMatrix(module, for: angles) else { return }
    let json = adapter.config.json
    let inputs = spec.shape[1]
    let isShared = json["block_share"]?.bool ?? false
    let count = angles.spec.rowElementCount
    // n (n − 1) / 2 elements above the diagonal
    let size = Int((1 + Double(1 + 8 * count).squareRoot()) / 2)
    let blocks = angles.spec.rowCount
    guard angles.spec.shape.count == 2, size >= 2, size * (size - 1) / 2 == count,
      inputs % size == 0, blocks == (isShared ? 1 : inputs / size)
    else {
      return problem(
        .factorShape(
          angles.spec, expected: [inputs / max(size, 1), count], base: spec, file: angles.file))
    }
    var rotation = BlockRotation(angles: angles, blockSize: size)
    if json["use_cayley_neumann"]?.bool ?? true {
      let terms = (json["num_cayley_neumann_terms"] ?? 5).int ?? 0
      guard (1...64).contains(terms) else {
        return problem(
          .adapterConfigValue(
            "num_cayley_neumann_terms", is: "\(terms)", expected: "1 to 64", file: configFile))
      }
      rotation.terms = terms
    }
    if json["coft"]?.bool ?? false {
      rotation.limit = (json["eps"]?.double ?? 6e-5) / Double(blocks).squareRoot()
    }
    add(.rotated(rotation), to: spec.name)
  }
}
