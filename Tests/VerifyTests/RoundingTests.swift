import TensorCore
import Testing

import Verify

@Suite struct RoundingTests {
  private func position(of value: Float) -> Int {
    Rounding.position(bits: Int(value.bitPattern), width: 32)
  }

  @Test func neighboursAreOneApartAcrossZero() {
    let tiny = Float.leastNonzeroMagnitude
    #expect(position(of: tiny) - position(of: 0) == 1)
    #expect(position(of: 0) == position(of: -0.0))
    #expect(position(of: 0) - position(of: -tiny) == 1)
    #expect(position(of: Float(1).nextUp) - position(of: 1) == 1)
  }

  /// A float64 just above the middle of two bfloat16 numbers rounds up, although its float32
  /// neighbour is the middle itself, which would round down to even.
  @Test func roundingToBFloat16HappensOnce() throws {
    let middle = 1.0 + 0x1p-8
    let justAbove = middle + 0x1p-40
    let one = Rounding.position(bits: 0x3F80, width: 16)
    #expect(Rounding.position(of: middle, in: .bf16) == one)
    #expect(Rounding.position(of: justAbove, in: .bf16) == one + 1)
    #expect(Rounding.position(of: -justAbove, in: .bf16) == -(one + 1))
  }

  @Test func roundingToFloat16HappensOnce() {
    let middle = 1.0 + 0x1p-11
    let one = Rounding.position(bits: 0x3C00, width: 16)
    #expect(Rounding.position(of: middle, in: .f16) == one)
    #expect(Rounding.position(of: middle + 0x1p-45, in: .f16) == one + 1)
  }

  @Test func exactNumbersKeepTheirPlace() {
    for bits in stride(from: 0, to: 0x7F80, by: 37) {
      let value = Double(Float(bitPattern: UInt32(bits) << 16))
      #expect(Rounding.position(of: value, in: .bf16) == bits)
      #expect(Rounding.position(of: -value, in: .bf16) == -bits)
    }
  }

  @Test func notANumberHasNoPlace() {
    #expect(Rounding.position(of: .nan, in: .f32) == nil)
    #expect(Rounding.position(of: 1, in: .i32) == nil)
  }
}
