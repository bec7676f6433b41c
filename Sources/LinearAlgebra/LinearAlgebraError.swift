public import Diagnostics

extension GraftError.Code {
  /// The library that factorises matrices is not installed.
  public static let lapackMissing = Self("lapack-missing", .environment)
  /// A factorisation did not converge, or was given what it cannot take.
  public static let factorisation = Self("factorisation", .input)
}

extension GraftError {
  static func lapackMissing(_ tried: [String]) -> Self {
    Self(
      .lapackMissing,
      "singular values come from LAPACK, and none of \(tried.joined(separator: ", ")) can be loaded",
      remedy: "Install Debian's package libopenblas0, or liblapack3")
  }

  static func symbolMissing(_ symbol: String, library: String) -> Self {
    Self(
      .lapackMissing, "has no '\(symbol)'", file: library,
      remedy: "Install Debian's package libopenblas0")
  }

  static func notFactorised(rows: Int, columns: Int, routine: String, code: Int32) -> Self {
    Self(
      .factorisation,
      "\(routine) answers \(code) for a matrix of \(rows) x \(columns); it may hold NaN or infinity"
    )
  }

  static func matrixTooLarge(rows: Int, columns: Int) -> Self {
    Self(.factorisation, "a matrix of \(rows) x \(columns) is beyond what LAPACK takes")
  }
}
