import LinearAlgebra
import Testing

@Suite(.enabled(if: LinearAlgebra.isPresent, "needs libopenblas0 or liblapack3"))
struct LinearAlgebraTests {
  /// Numbers from -1 to 1 that look random.
  private func matrix(_ count: Int, seed: UInt64 = 7) -> [Double] {
    var state = seed
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(Int64(bitPattern: state) >> 20) / Double(1 << 43)
    }
  }

  private func product(_ a: [Double], _ b: [Double], _ rows: Int, _ inner: Int, _ columns: Int)
    -> [Double]
  {
    var out = [Double](repeating: 0, count: rows * columns)
    for i in 0..<rows {
      for k in 0..<inner {
        for j in 0..<columns { out[i * columns + j] += a[i * inner + k] * b[k * columns + j] }
      }
    }
    return out
  }

  private func largest(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).map { ($0 - $1).magnitude }.max() ?? 0
  }

  @Test(arguments: [(7, 4), (4, 7), (5, 5), (1, 6), (6, 1)])
  func `the factors of a decomposition multiply to the matrix`(rows: Int, columns: Int) throws {
    let algebra = try LinearAlgebra.load()
    let matrix = matrix(rows * columns)
    let svd = try algebra.thinSVD(matrix, rows: rows, columns: columns)
    let count = min(rows, columns)
    #expect(svd.values.count == count)
    #expect(svd.values == svd.values.sorted(by: >))
    var scaled = svd.right
    for k in 0..<count { for j in 0..<columns { scaled[k * columns + j] *= svd.values[k] } }
    #expect(largest(product(svd.left, scaled, rows, count, columns), matrix) < 1e-14)
    let single = try algebra.thinSVD(matrix.map(Float.init), rows: rows, columns: columns)
    for (a, b) in zip(single.values, svd.values) { #expect((Double(a) - b).magnitude < 1e-5) }
  }

  @Test func `singular values are the known ones`() throws {
    // [[3, 0], [4, 5]] has 3√5 and √5.
    let svd = try LinearAlgebra.load().thinSVD([3.0, 0, 4, 5], rows: 2, columns: 2)
    #expect((svd.values[0] - 45.0.squareRoot()).magnitude < 1e-14)
    #expect((svd.values[1] - 5.0.squareRoot()).magnitude < 1e-14)
  }

  @Test(
    arguments: [(9, 5), (5, 9)], [LinearAlgebra.Method.decomposition, .gram])
  func `factors of the full rank give the matrix, and of a lower one the best`(
    shape: (Int, Int), method: LinearAlgebra.Method
  ) throws {
    let (rows, columns) = shape
    let algebra = try LinearAlgebra.load()
    let matrix = matrix(rows * columns)
    let full = try algebra.factors(of: matrix, rows: rows, columns: columns, method: method) {
      $0.count
    }
    #expect(largest(product(full.left, full.right, rows, full.rank, columns), matrix) < 1e-13)
    let two = try algebra.factors(of: matrix, rows: rows, columns: columns, method: method) { _ in 2
    }
    var rest = matrix
    try algebra.subtract(two.left, two.right, rank: 2, from: &rest, rows: rows, columns: columns)
    let left = rest.reduce(0) { $0 + $1 * $1 }
    let expected = two.values.dropFirst(2).reduce(0) { $0 + $1 * $1 }
    #expect((left - expected).magnitude < 1e-13)
  }

  @Test(arguments: [LinearAlgebra.Method.decomposition, .gram])
  func `a matrix of low rank is found whole`(method: LinearAlgebra.Method) throws {
    let algebra = try LinearAlgebra.load()
    let (b, a) = (matrix(40 * 3, seed: 1), matrix(3 * 60, seed: 2))
    var whole = product(b, a, 40, 3, 60)
    let found = try algebra.factors(of: whole, rows: 40, columns: 60, method: method) { values in
      values.count { $0 > 1e-6 * values[0] }
    }
    #expect(found.rank == 3)
    try algebra.subtract(found.left, found.right, rank: 3, from: &whole, rows: 40, columns: 60)
    #expect(whole.map(\.magnitude).max() ?? 1 < 1e-12)
  }

  @Test func `what is not finite is refused`() throws {
    let algebra = try LinearAlgebra.load()
    #expect(throws: (any Error).self) {
      try algebra.thinSVD([1, Double.nan, 2, 3], rows: 2, columns: 2)
    }
  }
}
