/// A bfloat16 number: the upper half of a float32.
public struct BFloat16: Sendable, Hashable, BitwiseCopyable {
  /// The 16 bits: sign, 8 exponent bits, 7 fraction bits.
  public var bitPattern: UInt16

  /// Creates the number with these bits.
  public init(bitPattern: UInt16) { self.bitPattern = bitPattern }

  /// Rounds to nearest, ties to even; a NaN stays a (quiet) NaN.
  public init(_ value: Float) {
    let bits = value.bitPattern
    if value.isNaN {
      bitPattern = UInt16(truncatingIfNeeded: bits >> 16) | 0x0040
    } else {
      let rounded = bits &+ 0x7FFF &+ ((bits >> 16) & 1)
      bitPattern = UInt16(truncatingIfNeeded: rounded >> 16)
    }
  }
}

extension Float {
  /// The exact value of a bfloat16.
  public init(_ value: BFloat16) {
    self.init(bitPattern: UInt32(value.bitPattern) << 16)
  }
}
