import Safetensors
public import TensorCore

/// A small tensor that a test makes up.
public struct TensorFixture {
  /// The name.
  public var name: String
  /// The extents, outermost first.
  public var shape: [Int]
  /// The elements, row by row.
  public var values: [Float]

  /// Creates a tensor from its elements.
  public init(_ name: String, _ shape: [Int], _ values: [Float]) {
    self.name = name
    self.shape = shape
    self.values = values
  }

  /// Values between -1 and 1 that depend on the name and `seed` only.
  public init(_ name: String, _ shape: [Int], seed: UInt64 = 1, scale: Float = 1) {
    var state = name.utf8.reduce(seed &* 0x9E37_79B9_7F4A_7C15) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01B3
    }
    let count = shape.reduce(1, *)
    let values = (0..<count).map { _ -> Float in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return scale * (Float(state >> 40) / Float(1 << 23) - 1)
    }
    self.init(name, shape, values)
  }

  /// The bytes in `dtype` (F32 or BF16).
  public func bytes(_ dtype: DType) -> [UInt8] {
    if dtype == .bf16 {
      return values.map { BFloat16($0).bitPattern }.withUnsafeBytes { Array($0) }
    }
    return values.withUnsafeBytes { Array($0) }
  }

  /// Writes tensors as one safetensors file.
  public static func write(
    _ tensors: [TensorFixture], to path: String, dtype: DType = .f32,
    metadata: [String: String] = ["format": "pt"]
  ) throws {
    let writer = try SafetensorsWriter(
      path, tensors: tensors.map { TensorSpec(name: $0.name, dtype: dtype, shape: $0.shape) },
      metadata: metadata)
    for tensor in tensors {
      let bytes = tensor.bytes(dtype)
      try bytes.span.bytes.withUnsafeBytes { (raw) throws in try writer.append(raw) }
    }
    _ = try writer.close()
  }
}
