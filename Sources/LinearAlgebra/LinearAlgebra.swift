public import Diagnostics
import Glibc

/// LAPACK and BLAS of this machine, loaded when a command first needs them: OpenBLAS starts its
/// threads as it is loaded, and most commands factorise nothing.
///
/// Matrices are row-major here. LAPACK's are column-major, so it sees each one transposed.
/// Source: LAPACK 3.9 and BLAS reference interfaces with 32-bit integers.
public struct LinearAlgebra {
  typealias Byte = UnsafePointer<CChar>
  typealias Whole = UnsafePointer<Int32>
  typealias Number<T> = UnsafePointer<T>
  typealias Numbers<T> = UnsafeMutablePointer<T>

  /// xGESDD; the last argument is the length of the character that Fortran passes.
  typealias SVD<T> = (
    Byte, Whole, Whole, Numbers<T>, Whole, Numbers<T>, Numbers<T>, Whole, Numbers<T>, Whole,
    Numbers<T>, Whole, Numbers<Int32>, Numbers<Int32>, Int
  ) -> Void
  typealias DoubleSVD =
    @convention(c) (
      Byte, Whole, Whole, Numbers<Double>, Whole, Numbers<Double>, Numbers<Double>, Whole,
      Numbers<Double>, Whole, Numbers<Double>, Whole, Numbers<Int32>, Numbers<Int32>, Int
    ) -> Void
  typealias FloatSVD =
    @convention(c) (
      Byte, Whole, Whole, Numbers<Float>, Whole, Numbers<Float>, Numbers<Float>, Whole,
      Numbers<Float>, Whole, Numbers<Float>, Whole, Numbers<Int32>, Numbers<Int32>, Int
    ) -> Void
  typealias Eigen =
    @convention(c) (
      Byte, Byte, Whole, Numbers<Double>, Whole, Numbers<Double>, Numbers<Double>, Whole,
      Numbers<Int32>, Whole, Numbers<Int32>, Int, Int
    ) -> Void
  typealias Product =
    @convention(c) (
      Byte, Byte, Whole, Whole, Whole, Number<Double>, Number<Double>, Whole, Number<Double>,
      Whole, Number<Double>, Numbers<Double>, Whole, Int, Int
    ) -> Void
  typealias SymmetricProduct =
    @convention(c) (
      Byte, Byte, Whole, Whole, Number<Double>, Number<Double>, Whole, Number<Double>,
      Numbers<Double>, Whole, Int, Int
    ) -> Void

  /// The file name of the library that was found.
  public let library: String
  let dgesdd: DoubleSVD
  let sgesdd: FloatSVD
  let dsyevd: Eigen
  let dgemm: Product
  let dsyrk: SymmetricProduct

  /// The names that are tried, in this order.
  public static let libraries = ["libopenblas.so.0", "libopenblas.so", "liblapack.so.3"]

  /// Loads the first library of ``libraries`` that this machine has.
  ///
  /// - Throws: ``GraftError`` that names the package to install if there is none.
  public static func load() throws(GraftError) -> LinearAlgebra {
    for name in libraries {
      if let handle = dlopen(name, RTLD_NOW | RTLD_LOCAL) {
        return try LinearAlgebra(handle, name)
      }
    }
    throw .lapackMissing(libraries)
  }

  /// Whether a library is there, for tests.
  public static var isPresent: Bool { (try? load()) != nil }

  private init(_ handle: UnsafeMutableRawPointer, _ name: String) throws(GraftError) {
    func symbol<T>(_ symbol: String, _ type: T.Type) throws(GraftError) -> T {
      guard let address = dlsym(handle, symbol) else {
        throw .symbolMissing(symbol, library: name)
      }
      return unsafeBitCast(address, to: type)
    }
    library = name
    dgesdd = try symbol("dgesdd_", DoubleSVD.self)
    sgesdd = try symbol("sgesdd_", FloatSVD.self)
    dsyevd = try symbol("dsyevd_", Eigen.self)
    dgemm = try symbol("dgemm_", Product.self)
    dsyrk = try symbol("dsyrk_", SymmetricProduct.self)
  }

  /// Extents as LAPACK takes them.
  static func extents(_ rows: Int, _ columns: Int) throws(GraftError) -> (Int32, Int32) {
    guard let m = Int32(exactly: rows), let n = Int32(exactly: columns), m > 0, n > 0 else {
      throw .matrixTooLarge(rows: rows, columns: columns)
    }
    return (m, n)
  }
}
