public import Diagnostics

/// The product of two thin matrices that comes closest to a matrix: `left` · `right`.
public struct LowRankFactors: Sendable {
  /// The extents of the matrix.
  public var rows: Int
  /// The extents of the matrix.
  public var columns: Int
  /// How many singular values went into the factors.
  public var rank: Int
  /// All singular values, the largest first.
  public var values: [Double]
  /// `[rows, rank]`; each column carries the root of its singular value.
  public var left: [Double]
  /// `[rank, columns]`; each row carries the root of its singular value.
  public var right: [Double]
}

extension LinearAlgebra {
  /// How factors are found.
  public enum Method: Sendable {
    /// The singular value decomposition of the matrix itself.
    case decomposition
    /// The eigenvectors of its smaller Gram matrix, then one product with the matrix: exact for
    /// singular values above 1e-8 of the largest, and many times faster for large matrices.
    case gram
  }

  /// The matrix up to which the decomposition itself is taken, in elements.
  private static let decompositionLimit = 1 << 20

  /// The best approximation of a rank that is chosen once the singular values are known
  /// (Eckart and Young 1936).
  ///
  /// - Parameters:
  ///   - matrix: row-major; all finite.
  ///   - method: how; nil chooses by size.
  ///   - rank: from the singular values, the largest first, to the rank; at least 1.
  public func factors(
    of matrix: [Double], rows: Int, columns: Int, method: Method? = nil,
    rank: ([Double]) -> Int
  ) throws(GraftError) -> LowRankFactors {
    switch method ?? (matrix.count <= Self.decompositionLimit ? .decomposition : .gram) {
    case .decomposition:
      let svd = try thinSVD(matrix, rows: rows, columns: columns)
      let r = max(1, min(rank(svd.values), svd.values.count))
      var left = [Double](repeating: 0, count: rows * r)
      for row in 0..<rows {
        for j in 0..<r {
          left[row * r + j] = svd.left[row * svd.values.count + j] * svd.values[j].squareRoot()
        }
      }
      var right = Array(svd.right[..<(r * columns)])
      Self.scale(&right, by: svd.values[..<r].map { $0.squareRoot() }, width: columns)
      return LowRankFactors(
        rows: rows, columns: columns, rank: r, values: svd.values, left: left, right: right)
    case .gram:
      return try gramFactors(matrix, rows, columns, rank)
    }
  }

  /// Subtracts `left` · `right` from a row-major matrix, in place.
  ///
  /// - Parameters:
  ///   - left: `[rows, rank]`.
  ///   - right: `[rank, columns]`.
  public func subtract(
    _ left: [Double], _ right: [Double], rank: Int, from matrix: inout [Double], rows: Int,
    columns: Int
  ) throws(GraftError) {
    let (n, m) = try Self.extents(rows, columns)
    multiply("N", "N", m, n, Int32(rank), -1, right, m, left, Int32(rank), 1, &matrix, m)
  }

  private func gramFactors(
    _ matrix: [Double], _ rows: Int, _ columns: Int, _ rank: ([Double]) -> Int
  ) throws(GraftError) -> LowRankFactors {
    let (n, m) = try Self.extents(rows, columns)
    let isWide = rows <= columns
    let side = min(rows, columns)
    var gram = [Double](repeating: 0, count: side * side)
    symmetric(isWide ? "T" : "N", Int32(side), isWide ? m : n, matrix, m, &gram)
    var squares = try eigenvectors(of: &gram, side: side)
    squares.reverse()
    let values = squares.map { max(0, $0).squareRoot() }
    let r = max(1, min(rank(values), side))
    // Rows of `gram` are now eigenvectors, those of the largest values last.
    var vectors: [Double] = []
    vectors.reserveCapacity(r * side)
    for i in 0..<r { vectors += gram[(side - 1 - i) * side..<(side - i) * side] }
    gram = []
    let (k, leading) = (Int32(r), Int32(side))
    // The projection has rows, or columns, of the length of a singular value; the other factor is
    // orthonormal. Both get its root.
    let roots = values[..<r].map { $0.squareRoot() }
    let inverse = roots.map { $0 > 0 ? 1 / $0 : 0 }
    if isWide {
      var right = [Double](repeating: 0, count: r * columns)
      multiply("N", "N", m, k, n, 1, matrix, m, vectors, leading, 0, &right, m)
      Self.scale(&right, by: inverse, width: columns)
      var left = [Double](repeating: 0, count: rows * r)
      for j in 0..<r {
        for row in 0..<rows { left[row * r + j] = vectors[j * side + row] * roots[j] }
      }
      return LowRankFactors(
        rows: rows, columns: columns, rank: r, values: values, left: left, right: right)
    }
    var left = [Double](repeating: 0, count: rows * r)
    multiply("T", "N", k, n, m, 1, vectors, leading, matrix, m, 0, &left, k)
    for row in 0..<rows {
      for j in 0..<r { left[row * r + j] *= inverse[j] }
    }
    Self.scale(&vectors, by: roots, width: columns)
    return LowRankFactors(
      rows: rows, columns: columns, rank: r, values: values, left: left, right: vectors)
  }

  /// Eigenvalues, the smallest first; the matrix becomes its eigenvectors, one a row.
  private func eigenvectors(of matrix: inout [Double], side: Int) throws(GraftError) -> [Double] {
    var n = Int32(side)
    var values = [Double](repeating: 0, count: side)
    var job = CChar(UInt8(ascii: "V"))
    var triangle = CChar(UInt8(ascii: "U"))
    var work: [Double] = [0]
    var whole: [Int32] = [0]
    var (size, wholeSize, code): (Int32, Int32, Int32) = (-1, -1, 0)
    var leading = n
    dsyevd(
      &job, &triangle, &n, &matrix, &leading, &values, &work, &size, &whole, &wholeSize, &code, 1, 1
    )
    guard code == 0, let wanted = Int32(exactly: work[0]) else {
      throw .notFactorised(rows: side, columns: side, routine: "dsyevd", code: code)
    }
    (size, wholeSize) = (wanted, whole[0])
    work = [Double](repeating: 0, count: Int(size))
    whole = [Int32](repeating: 0, count: Int(wholeSize))
    dsyevd(
      &job, &triangle, &n, &matrix, &leading, &values, &work, &size, &whole, &wholeSize, &code, 1, 1
    )
    guard code == 0, values.allSatisfy(\.isFinite) else {
      throw .notFactorised(rows: side, columns: side, routine: "dsyevd", code: code)
    }
    return values
  }

  private static func scale(_ matrix: inout [Double], by factors: [Double], width: Int) {
    for (row, factor) in factors.enumerated() {
      for j in row * width..<(row + 1) * width { matrix[j] *= factor }
    }
  }

  /// Column-major c = alpha · op(a) · op(b) + beta · c.
  private func multiply(
    _ opA: Unicode.Scalar, _ opB: Unicode.Scalar, _ m: Int32, _ n: Int32, _ k: Int32,
    _ alpha: Double, _ a: [Double], _ lda: Int32, _ b: [Double], _ ldb: Int32, _ beta: Double,
    _ c: inout [Double], _ ldc: Int32
  ) {
    var (first, second) = (CChar(opA.value), CChar(opB.value))
    var (m, n, k, lda, ldb, ldc, alpha, beta) = (m, n, k, lda, ldb, ldc, alpha, beta)
    dgemm(&first, &second, &m, &n, &k, &alpha, a, &lda, b, &ldb, &beta, &c, &ldc, 1, 1)
  }

  /// Column-major c = a · aᵗ ("N", a is [n, k]) or aᵗ · a ("T", a is [k, n]); the upper triangle.
  private func symmetric(
    _ op: Unicode.Scalar, _ n: Int32, _ k: Int32, _ a: [Double], _ lda: Int32,
    _ c: inout [Double]
  ) {
    var triangle = CChar(UInt8(ascii: "U"))
    var operation = CChar(op.value)
    var (n, k, lda, ldc, alpha, beta) = (n, k, lda, n, 1.0, 0.0)
    dsyrk(&triangle, &operation, &n, &k, &alpha, a, &lda, &beta, &c, &ldc, 1, 1)
  }
}
