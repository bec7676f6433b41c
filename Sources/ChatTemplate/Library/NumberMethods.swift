import Diagnostics

extension Renderer {
  /// A method of Python's numbers.
  func callMethod(_ name: String, ofNumber value: Value) throws(GraftError) -> Value {
    switch (name, value) {
    case ("to_bytes", _), ("from_bytes", _), ("fromhex", _): throw .noBytes(name)
    case ("conjugate", .double(let number)): return .double(number)
    case ("conjugate", _): return .int(value.integer ?? 0)
    case ("is_integer", .double(let number)):
      return .bool(number.isFinite && number == number.rounded(.towardZero))
    case ("bit_length", _):
      return .int(Int.bitWidth - (value.integer ?? 0).magnitude.leadingZeroBitCount)
    case ("bit_count", _): return .int((value.integer ?? 0).magnitude.nonzeroBitCount)
    case ("as_integer_ratio", .double(let number)): return try ratio(number)
    case ("as_integer_ratio", _): return .tuple([.int(value.integer ?? 0), .int(1)])
    case ("hex", .double(let number)): return .string(hexadecimal(number))
    default: throw .undefinedUse("'\(name)' of a \(value.typeName)")
    }
  }

  private func ratio(_ number: Double) throws(GraftError) -> Value {
    guard number.isFinite else { throw .templateFailure("\(number) is no ratio") }
    var (numerator, denominator) = (number, 1)
    while numerator != numerator.rounded(), denominator < 1 << 61 {
      numerator *= 2
      denominator *= 2
    }
    guard numerator == numerator.rounded(), let whole = Int(exactly: numerator) else {
      throw .templateFailure("an integer overflows")
    }
    return .tuple([.int(whole), .int(denominator)])
  }

  /// The number as Python's `hex` writes it.
  private func hexadecimal(_ number: Double) -> String {
    guard number.isFinite else { return Value.text(of: number) }
    let sign = number.sign == .minus ? "-" : ""
    if number == 0 { return "\(sign)0x0.0p+0" }
    let digits = String(number.significandBitPattern, radix: 16)
    let zeros = String(repeating: "0", count: 13 - digits.count)
    let exponent = number.isSubnormal ? -1022 : Int(number.exponent)
    let first = number.isSubnormal ? 0 : 1
    return "\(sign)0x\(first).\(zeros)\(digits)p\(exponent < 0 ? "" : "+")\(exponent)"
  }
}

extension Value {
  /// A property of a number or a range.
  func property(_ name: String) -> Value? {
    switch (self, name) {
    case (.view(let view), _):
      guard case .range(let start, let end, let step) = view.kind else { return nil }
      let properties = ["start": start, "stop": end, "step": step]
      return properties[name].map(Value.int)
    case (.double(let number), "real"): return .double(number)
    case (.double, "imag"): return .double(0)
    case (.bool, "real"), (.int, "real"), (.bool, "numerator"), (.int, "numerator"):
      return .int(integer ?? 0)
    case (.bool, "imag"), (.int, "imag"): return .int(0)
    case (.bool, "denominator"), (.int, "denominator"): return .int(1)
    default: return nil
    }
  }
}
