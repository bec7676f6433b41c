import Adapters
import CKernels
import Checkpoint
import Diagnostics
import TensorCore

/// What a weight must be after a merge: base + scale · B · A in float64.
///
/// Memory: A as float64, and a few rows.
struct UpdateReference: Sendable {
  private let delta: LowRankDelta
  private let a: [Double]
  private let strips: [Double]
  private let width: Int

  init(_ delta: LowRankDelta) throws(GraftError) {
    self.delta = delta
    let width = delta.a.spec.rowElementCount
    let a = try Block(delta.a, rows: 0..<delta.a.spec.rowCount).values
    let size = (width + 31) / 32 * 32 * delta.rank
    strips = [Double](unsafeUninitializedCapacity: size) { strips, count in
      a.withUnsafeBufferPointer { a in
        guard let a = a.baseAddress, let strips = strips.baseAddress else { return }
        graft_verify_strips(a, strips, width, delta.rank)
        count = size
      }
    }
    self.width = width
    self.a = a
  }

  /// Adds scale · B · A to rows of the base, in place.
  func add(to values: inout [Double], rows: Range<Int>) throws(GraftError) {
    let b = try Block(delta.b, rows: rows).values.map { delta.scale * $0 }
    values.withUnsafeMutableBufferPointer { out in
      b.withUnsafeBufferPointer { b in
        strips.withUnsafeBufferPointer { strips in
          guard let out = out.baseAddress, let b = b.baseAddress, let strips = strips.baseAddress
          else { return }
          graft_verify_add_product(out, b, strips, rows.count, width, delta.rank)
        }
      }
    }
  }

  /// How far float32 arithmetic may be from the exact value for one element: a rounding of half a
  /// unit (2⁻²⁴ relative) for each product and sum, on the sum of magnitudes.
  func float32Error(row: Int, column: Int, base: Double) throws(GraftError) -> Double {
    let b = try Block(delta.b, rows: row..<row + 1).values
    var magnitude = base.magnitude
    for k in 0..<delta.rank {
      magnitude += (delta.scale * b[k] * a[k * width + column]).magnitude
    }
    return Double(delta.rank + 3) * 0x1p-24 * magnitude
  }
}
