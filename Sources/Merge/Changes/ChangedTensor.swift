import Adapters
import Checkpoint
import Diagnostics
import TensorCore

/// Makes the rows of a tensor that an adapter changes in another way than by one plain pair of A
/// and B: each step in float64, one rounding at the end.
final class ChangedTensor: Sendable {
  private let base: any TensorSource
  private let steps: [any ChangeStep]
  private let output: TensorSpec

  init(
    base: any TensorSource, changes: [TensorChange], output: TensorSpec, cache: FactorCache
  ) throws(GraftError) {
    guard [.f32, .f16, .bf16].contains(base.spec.dtype),
      [.f32, .f16, .bf16].contains(output.dtype)
    else { throw .cannotMerge(into: base.spec, file: base.file) }
    self.base = base
    self.output = output
    steps = changes.map { $0.step(on: base, cache) }
  }

  /// Fills `buffer` with some rows in the output's type; for disjoint rows, from any thread.
  func produce(
    _ rows: Range<Int>, into buffer: UnsafeMutableRawBufferPointer
  ) throws(GraftError) {
    var values = try base.floats(rows: rows).map(Double.init)
    for step in steps { try step.apply(to: &values, rows: rows) }
    let limit: Double =
      switch output.dtype {
      case .f16: 65_504
      case .bf16: Double(Float(BFloat16(bitPattern: 0x7F7F)))
      default: Double(Float.greatestFiniteMagnitude)
      }
    let isShort = output.dtype != .f32
    var rounded = [Float](repeating: 0, count: values.count)
    for i in values.indices {
      guard values[i].magnitude <= limit else {
        throw .outOfRange(Float(values[i]), output, file: base.file)
      }
      rounded[i] = isShort ? roundedToOdd(values[i]) : Float(values[i])
    }
    rounded.withUnsafeBufferPointer { _ = narrow($0, to: output.dtype, into: buffer) }
  }
}

/// One change of a tensor's rows.
protocol ChangeStep: Sendable {
  /// Changes rows of the whole tensor in place.
  func apply(to values: inout [Double], rows: Range<Int>) throws(GraftError)
}

/// The float32 number towards zero, its last bit set if anything was cut off, so that rounding it
/// once more to 16 bits gives what rounding the float64 number directly would.
func roundedToOdd(_ exact: Double) -> Float {
  let nearest = Float(exact)
  guard Double(nearest) != exact, nearest.isFinite else { return nearest }
  let bits = nearest.bitPattern
  return Float(bitPattern: (Double(nearest).magnitude > exact.magnitude ? bits - 1 : bits) | 1)
}

extension TensorChange {
  fileprivate func step(on base: any TensorSource, _ cache: FactorCache) -> any ChangeStep {
    switch self {
    case .lowRank(let delta): LowRankStep(delta, on: base.spec, cache)
    case .weightDecomposed(let delta, let magnitude):
      DecomposedStep(delta, magnitude: magnitude, base: base, cache)
    case .hadamard(let delta): HadamardStep(delta, width: base.spec.rowElementCount)
    case .kronecker(let delta): KroneckerStep(delta, width: base.spec.rowElementCount)
    case .vectors(let delta): VectorStep(delta, width: base.spec.rowElementCount, cache)
    case .scaled(let scale): ScaleStep(scale, width: base.spec.rowElementCount)
    case .rotated(let rotation): RotationStep(rotation, width: base.spec.rowElementCount)
    case .added(let vector, let scale): AddedStep(vector: vector, scale: scale)
    case .rows(let rows): RowsStep(rows, width: base.spec.rowElementCount)
    }
  }
}
