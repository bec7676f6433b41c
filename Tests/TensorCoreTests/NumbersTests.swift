import TensorCore
import Testing

@Suite struct NumbersTests {
  @Test func `bfloat16 rounds to nearest even`() {
    #expect(BFloat16(1).bitPattern == 0x3F80)
    #expect(BFloat16(Float(bitPattern: 0x3F80_8000)).bitPattern == 0x3F80)
    #expect(BFloat16(Float(bitPattern: 0x3F81_8000)).bitPattern == 0x3F82)
    #expect(BFloat16(Float(bitPattern: 0x3F80_8001)).bitPattern == 0x3F81)
    #expect(BFloat16(.greatestFiniteMagnitude).bitPattern == 0x7F80)
    #expect(Float(BFloat16(-.infinity)) == -.infinity)
    #expect(Float(BFloat16(.nan)).isNaN)
    #expect(Float(BFloat16(Float(bitPattern: 0x7F80_0001))).isNaN)
  }

  @Test func `widening and rounding give every bfloat16 back`() {
    for bits in UInt16.min...UInt16.max {
      let value = Float(BFloat16(bitPattern: bits))
      guard !value.isNaN else { continue }
      #expect(BFloat16(value).bitPattern == bits)
    }
  }

  @Test func `sizes from a file are checked`() {
    #expect(TensorSpec.checkedByteCount(dtype: .bf16, shape: [3, 5]) == 30)
    #expect(TensorSpec.checkedByteCount(dtype: .f32, shape: []) == 4)
    #expect(TensorSpec.checkedByteCount(dtype: .f32, shape: [0, 1 << 20]) == 0)
    // A row of this would have no size, though the tensor has none to read.
    #expect(TensorSpec.checkedByteCount(dtype: .f32, shape: [0, .max]) == nil)
    #expect(TensorSpec.checkedByteCount(dtype: .f32, shape: [.max, .max, 0]) == nil)
    #expect(TensorSpec.checkedByteCount(dtype: .f32, shape: [-1]) == nil)
    #expect(TensorSpec.checkedByteCount(dtype: .f32, shape: [.max, 2]) == nil)
    #expect(TensorSpec.checkedByteCount(dtype: .f64, shape: [1 << 60]) == nil)
    #expect(TensorSpec.checkedByteCount(dtype: .f4, shape: [3]) == nil)
  }

  @Test func `types are found under every usual name`() {
    for name in ["bf16", "BF16", "bfloat16"] { #expect(DType(anyName: name) == .bf16) }
    for name in ["fp32", "float32", "F32", "float"] { #expect(DType(anyName: name) == .f32) }
    #expect(DType(anyName: "int3") == nil)
  }
}
