package import TensorCore

/// Numbers of a stored type, rounded from float64 in one step and compared by their place in the
/// order of all numbers of that type.
///
/// Written apart from the merge's own conversions, so that a fault there is seen here.
package enum Rounding {
  /// The nearest number of `dtype`, ties to even, as its position: neighbours differ by 1, and
  /// both zeros have position 0. Nil for NaN, or a type that is not F32, F16 or BF16.
  package static func position(of value: Double, in dtype: DType) -> Int? {
    guard !value.isNaN else { return nil }
    switch dtype {
    case .f32: return position(bits: Int(Float(value).bitPattern), width: 32)
    case .f16: return position(bits: Int(half(value)), width: 16)
    case .bf16: return position(bits: Int(brain(value)), width: 16)
    default: return nil
    }
  }

  /// The position of a number by its bits, sign and magnitude.
  package static func position(bits: Int, width: Int) -> Int {
    let sign = 1 << (width - 1)
    return bits & sign == 0 ? bits : -(bits & (sign - 1))
  }

  /// The float32 number towards zero, its last bit set if anything was cut off: rounding it again
  /// to a shorter type gives the same as rounding the float64 number directly.
  private static func toOdd(_ value: Double) -> Float {
    let nearest = Float(value)
    guard nearest.isFinite, Double(nearest) != value else { return nearest }
    var bits = nearest.bitPattern
    if Double(nearest).magnitude > value.magnitude { bits -= 1 }
    return Float(bitPattern: bits | 1)
  }

  private static func brain(_ value: Double) -> UInt16 {
    let bits = toOdd(value).bitPattern
    let half: UInt32 = 0x7FFF + ((bits >> 16) & 1)
    return UInt16(truncatingIfNeeded: (bits &+ half) >> 16)
  }

  private static func half(_ value: Double) -> UInt16 { Float16(toOdd(value)).bitPattern }
}
