public import Diagnostics

/// A matrix as U · diag(values) · Vᵗ, all row-major.
public struct ThinSVD<Element: BinaryFloatingPoint & Sendable>: Sendable {
  /// The extents of the matrix.
  public var rows: Int
  /// The extents of the matrix.
  public var columns: Int
  /// The singular values, the largest first.
  public var values: [Element]
  /// U, `[rows, values.count]`.
  public var left: [Element]
  /// Vᵗ, `[values.count, columns]`.
  public var right: [Element]
}

extension LinearAlgebra {
  /// Factorises a row-major matrix in float64 (LAPACK's dgesdd); takes about three times its size.
  ///
  /// - Throws: ``GraftError`` if it does not converge.
  public func thinSVD(
    _ matrix: [Double], rows: Int, columns: Int
  ) throws(GraftError) -> ThinSVD<Double> {
    try thinSVD(matrix, rows, columns, "dgesdd") {
      dgesdd($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
    }
  }

  /// Factorises a row-major matrix in float32 (LAPACK's sgesdd).
  ///
  /// - Throws: ``GraftError`` if it does not converge.
  public func thinSVD(
    _ matrix: [Float], rows: Int, columns: Int
  ) throws(GraftError) -> ThinSVD<Float> {
    try thinSVD(matrix, rows, columns, "sgesdd") {
      sgesdd($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
    }
  }

  private func thinSVD<T: BinaryFloatingPoint & Sendable>(
    _ matrix: [T], _ rows: Int, _ columns: Int, _ name: String, _ routine: SVD<T>
  ) throws(GraftError) -> ThinSVD<T> {
    precondition(matrix.count == rows * columns)
    // LAPACK sees the transpose [columns, rows] = V · diag · Uᵗ.
    var (n, m) = try Self.extents(rows, columns)
    let count = min(rows, columns)
    var k = Int32(count)
    var matrix = matrix
    var values = [T](repeating: 0, count: count)
    var right = [T](repeating: 0, count: count * columns)
    var left = [T](repeating: 0, count: rows * count)
    var whole = [Int32](repeating: 0, count: 8 * count)
    var code: Int32 = 0
    var job = CChar(UInt8(ascii: "S"))
    var work: [T] = [0]
    var size: Int32 = -1
    var (leading, height) = (m, m)
    routine(
      &job, &m, &n, &matrix, &leading, &values, &right, &height, &left, &k, &work, &size, &whole,
      &code, 1)
    guard code == 0, let wanted = Int32(exactly: work[0].rounded(.up)) else {
      throw .notFactorised(rows: rows, columns: columns, routine: name, code: code)
    }
    size = wanted
    work = [T](repeating: 0, count: Int(wanted))
    routine(
      &job, &m, &n, &matrix, &leading, &values, &right, &height, &left, &k, &work, &size, &whole,
      &code, 1)
    guard code == 0, values.allSatisfy(\.isFinite) else {
      throw .notFactorised(rows: rows, columns: columns, routine: name, code: code)
    }
    return ThinSVD(rows: rows, columns: columns, values: values, left: left, right: right)
  }
}
