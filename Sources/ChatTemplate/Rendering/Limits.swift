import Glibc

/// What a template may use up.
enum Limits {
  /// Statements and expressions.
  static let steps = 5_000_000
  /// Bytes of all texts that are made on the way.
  static let work = 1 << 29
  /// Bytes of the output, and of any one text.
  static let valueLength = 64 << 20
  /// How deep values may hold others; JSON is read to 256 levels.
  static let valueDepth = 300
  /// Macros and recursive loops within each other.
  static let depth = 60
  /// Numbers in a range, as in the reference's sandbox.
  static let rangeLength = 100_000
}

/// `a ** b`
func raise(_ a: Double, to b: Double) -> Double { pow(a, b) }

/// A number as C prints it with one of `e`, `f`, `g` and their capitals.
func printed(_ value: Double, precision: Int, conversion: Unicode.Scalar) -> String {
  var buffer = [CChar](repeating: 0, count: 400 + precision)
  let count = withVaList([Int32(precision), value]) {
    vsnprintf(&buffer, buffer.count, "%.*\(conversion)", $0)
  }
  return String(decoding: buffer.prefix(Int(count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
}
