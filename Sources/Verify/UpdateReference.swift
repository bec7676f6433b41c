import Adapters
import Checkpoint
import Diagnostics
import TensorCore

/// What a weight must be after a merge: base + scale · B · A in float64.
///
/// Memory: A as float64, and a few rows.
struct UpdateReference {
  private let delta: LowRankDelta
  private let a: [Double]
  private let width: Int

  init(_ delta: LowRankDelta) throws(GraftError) {
    self.delta = delta
    width = delta.a.spec.rowElementCount
    a = try Block(delta.a, rows: 0..<delta.a.spec.rowCount).values
  }

  /// Adds scale · B · A to rows of the base, in place.
  func add(to values: inout [Double], rows: Range<Int>) throws(GraftError) {
    let b = try Block(delta.b, rows: rows).values
    let (rank, width, scale) = (delta.rank, width, delta.scale)
    a.withUnsafeBufferPointer { a in
      values.withUnsafeMutableBufferPointer { out in
        for row in 0..<rows.count {
          for k in 0..<rank {
            let factor = scale * b[row * rank + k]
            if factor == 0 { continue }
            let (start, from) = (row * width, k * width)
            for j in 0..<width { out[start + j] += factor * a[from + j] }
          }
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
