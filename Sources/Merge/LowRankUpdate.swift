import Adapters
import CKernels
import Checkpoint
import Diagnostics
import Synchronization
import TensorCore

/// Makes the rows of one merged weight: base + scale · B · A, summed in float64 and rounded once.
///
/// A is read when the first rows are asked for and given back after the last, so that a merge
/// holds the factors of the tensors in flight only.
final class LowRankUpdate: Sendable {
  private let base: any TensorSource
  private let delta: LowRankDelta
  private let output: TensorSpec
  private let state: Mutex<State>

  private struct State {
    var a: [Double]?
    var rowsLeft: Int
  }

  init(base: any TensorSource, delta: LowRankDelta, output: TensorSpec) throws(GraftError) {
    guard [.f32, .f16, .bf16].contains(base.spec.dtype),
      [.f32, .f16, .bf16].contains(output.dtype)
    else { throw .cannotMerge(into: base.spec, file: base.file) }
    self.base = base
    self.delta = delta
    self.output = output
    state = Mutex(State(a: nil, rowsLeft: output.rowCount))
  }

  /// Fills `buffer` with some rows in the output's type; for disjoint rows, from any thread.
  func produce(
    _ rows: Range<Int>, into buffer: UnsafeMutableRawBufferPointer
  ) throws(GraftError) {
    let a = try factorA()
    let b = try delta.b.floats(rows: rows).map { Double($0) * delta.scale }
    var sums = try base.floats(rows: rows)
    let columns = output.rowElementCount
    let rank = delta.rank
    sums.withUnsafeMutableBufferPointer { sums in
      b.withUnsafeBufferPointer { b in
        a.withUnsafeBufferPointer { a in
          guard let weights = sums.baseAddress, let b = b.baseAddress, let a = a.baseAddress
          else { return }
          graft_low_rank_update(
            weights, b, a, weights, rows.count, columns, rank, output.dtype != .f32)
        }
      }
    }
    try checkRange(sums)
    sums.withUnsafeBufferPointer { _ = narrow($0, to: output.dtype, into: buffer) }
    state.withLock {
      $0.rowsLeft -= rows.count
      if $0.rowsLeft == 0 { $0.a = nil }
    }
  }

  private func factorA() throws(GraftError) -> [Double] {
    if let a = state.withLock({ $0.a }) { return a }
    let a = try delta.a.floats().map(Double.init)
    state.withLock { $0.a = a }
    return a
  }

  /// A sum that the output's type cannot hold would be written as infinity.
  private func checkRange(_ sums: [Float]) throws(GraftError) {
    let limit: Float =
      switch output.dtype {
      case .f16: 65_504
      case .bf16: Float(BFloat16(bitPattern: 0x7F7F))
      default: .greatestFiniteMagnitude
      }
    guard let bad = sums.first(where: { !($0.magnitude <= limit) }) else { return }
    throw .outOfRange(bad, output, file: base.file)
  }
}
