import Adapters
import CKernels
import Checkpoint
import Diagnostics
import Glibc
import TensorCore

/// The singular values of B · A without the product: the eigenvalues of (BᵀB)(AAᵀ) are their
/// squares, and both factors are as small as the rank.
enum EffectiveRank {
  /// The rank above which it is left out.
  static let limit = 128

  /// e to the entropy of the singular values as shares of their sum; nil for a zero product.
  static func of(_ delta: LowRankDelta) throws(GraftError) -> Double? {
    let rank = delta.rank
    guard rank > 0, rank <= limit, delta.a.spec.rowCount == rank,
      delta.b.spec.rowElementCount == rank
    else { return nil }
    let a = gram(try Block(delta.a, rows: 0..<rank).values, rank)
    let columns = try Block(delta.b, rows: 0..<delta.b.spec.rowCount).values
    let b = gram(transposed(columns, rank), rank)
    // With BᵀB = V D Vᵀ, the symmetric √D Vᵀ (AAᵀ) V √D has the eigenvalues of the product.
    let (values, vectors) = eigen(b, rank)
    var scaled = vectors
    for column in 0..<rank {
      let root = max(0, values[column]).squareRoot()
      for row in 0..<rank { scaled[row * rank + column] *= root }
    }
    let product = times(times(transposed(scaled, rank), a, rank), scaled, rank)
    let singular = eigen(product, rank).values.map { max(0, $0).squareRoot() }
    let sum = singular.reduce(0, +)
    guard sum > 0, sum.isFinite else { return nil }
    var entropy = 0.0
    for value in singular where value > 0 { entropy -= value / sum * log(value / sum) }
    return exp(entropy)
  }

  /// The scalar products of lines, `[count, length]`.
  private static func gram(_ lines: [Double], _ count: Int) -> [Double] {
    let length = lines.count / count
    return [Double](unsafeUninitializedCapacity: count * count) { sums, filled in
      lines.withUnsafeBufferPointer { lines in
        guard let lines = lines.baseAddress, let sums = sums.baseAddress else { return }
        graft_verify_gram(lines, sums, count, length)
        filled = count * count
      }
    }
  }

  /// Turns `[rows, columns]` round.
  private static func transposed(_ matrix: [Double], _ columns: Int) -> [Double] {
    let rows = matrix.count / columns
    var out = matrix
    for row in 0..<rows {
      for column in 0..<columns { out[column * rows + row] = matrix[row * columns + column] }
    }
    return out
  }

  private static func times(_ x: [Double], _ y: [Double], _ n: Int) -> [Double] {
    var out = [Double](repeating: 0, count: n * n)
    for i in 0..<n {
      for k in 0..<n {
        let factor = x[i * n + k]
        for j in 0..<n { out[i * n + j] += factor * y[k * n + j] }
      }
    }
    return out
  }

  /// Eigenvalues and, as columns, eigenvectors of a symmetric matrix, by Jacobi's rotations.
  static func eigen(_ matrix: [Double], _ n: Int) -> (values: [Double], vectors: [Double]) {
    var m = matrix
    var vectors = [Double](repeating: 0, count: n * n)
    for i in 0..<n { vectors[i * n + i] = 1 }
    let size = m.reduce(0) { $0 + $1 * $1 }
    for _ in 0..<60 {
      var off = 0.0
      for i in 0..<n { for j in 0..<i { off += m[i * n + j] * m[i * n + j] } }
      if off <= 1e-26 * size { break }
      for p in 0..<n {
        for q in p + 1..<max(n, p + 1) where m[p * n + q] != 0 {
          let theta = (m[q * n + q] - m[p * n + p]) / (2 * m[p * n + q])
          let t = (theta < 0 ? -1 : 1) / (theta.magnitude + (theta * theta + 1).squareRoot())
          let c = 1 / (t * t + 1).squareRoot()
          let s = t * c
          for k in 0..<n {
            let (x, y) = (m[k * n + p], m[k * n + q])
            (m[k * n + p], m[k * n + q]) = (c * x - s * y, s * x + c * y)
          }
          for k in 0..<n {
            let (x, y) = (m[p * n + k], m[q * n + k])
            (m[p * n + k], m[q * n + k]) = (c * x - s * y, s * x + c * y)
          }
          for k in 0..<n {
            let (x, y) = (vectors[k * n + p], vectors[k * n + q])
            (vectors[k * n + p], vectors[k * n + q]) = (c * x - s * y, s * x + c * y)
          }
        }
      }
    }
    return ((0..<n).map { m[$0 * n + $0] }, vectors)
  }
}
