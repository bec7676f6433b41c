import CTorch
public import Diagnostics
public import TensorCore

/// An n-dimensional array in libtorch, with gradients.
///
/// The storage is freed when the last tensor that views it goes. Operations throw ``GraftError``,
/// so one `try` covers an expression. Not `Sendable`: a tensor stays with the task that uses it.
public final class Tensor {
  let handle: OpaquePointer

  init(owning handle: OpaquePointer) { self.handle = handle }

  deinit { ctorch_free(handle) }

  /// Copies row-major bytes; their count must be what `shape` and `dtype` need.
  public convenience init(
    bytes: UnsafeRawBufferPointer, dtype: DType, shape: [Int]
  ) throws(GraftError) {
    let type = try dtype.native()
    let extents = shape.wide
    var handle: OpaquePointer?
    try check("creating a tensor") {
      ctorch_from_bytes(bytes.baseAddress, bytes.count, type, extents, extents.count, &handle)
    }
    guard let handle else { throw .tensorOperation("creating a tensor", "no tensor came back") }
    self.init(owning: handle)
  }

  private convenience init<Element: BitwiseCopyable>(
    copying values: [Element], _ dtype: DType, _ shape: [Int]?
  ) throws(GraftError) {
    let type = try dtype.native()
    let extents = (shape ?? [values.count]).wide
    var handle: OpaquePointer?
    try check("creating a tensor") {
      values.withUnsafeBytes {
        ctorch_from_bytes($0.baseAddress, $0.count, type, extents, extents.count, &handle)
      }
    }
    guard let handle else { throw .tensorOperation("creating a tensor", "no tensor came back") }
    self.init(owning: handle)
  }

  /// A float32 tensor; without a shape, a vector.
  public convenience init(_ values: [Float], shape: [Int]? = nil) throws(GraftError) {
    try self.init(copying: values, .f32, shape)
  }

  /// An int64 tensor; without a shape, a vector.
  public convenience init(_ values: [Int64], shape: [Int]? = nil) throws(GraftError) {
    try self.init(copying: values, .i64, shape)
  }

  /// An int32 tensor; without a shape, a vector.
  public convenience init(_ values: [Int32], shape: [Int]? = nil) throws(GraftError) {
    try self.init(copying: values, .i32, shape)
  }

  /// A uint8 tensor; without a shape, a vector.
  public convenience init(_ values: [UInt8], shape: [Int]? = nil) throws(GraftError) {
    try self.init(copying: values, .u8, shape)
  }
}

// MARK: - Filled tensors

extension Tensor {
  /// A tensor of one value.
  public static func full(
    _ shape: [Int], _ value: Double, dtype: DType = .f32, device: Device = .cpu
  ) throws(GraftError) -> Tensor {
    let (type, extents) = (try dtype.native(), shape.wide)
    return try produce("filling a tensor") {
      ctorch_full(extents, extents.count, value, type, device.native, $0)
    }
  }

  /// A tensor of zeros.
  public static func zeros(
    _ shape: [Int], dtype: DType = .f32, device: Device = .cpu
  ) throws(GraftError) -> Tensor {
    try full(shape, 0, dtype: dtype, device: device)
  }

  /// A tensor of ones.
  public static func ones(
    _ shape: [Int], dtype: DType = .f32, device: Device = .cpu
  ) throws(GraftError) -> Tensor {
    try full(shape, 1, dtype: dtype, device: device)
  }

  /// A tensor whose elements are not set yet.
  public static func empty(
    _ shape: [Int], dtype: DType = .f32, device: Device = .cpu
  ) throws(GraftError) -> Tensor {
    let (type, extents) = (try dtype.native(), shape.wide)
    return try produce("creating a tensor") {
      ctorch_empty(extents, extents.count, type, device.native, $0)
    }
  }

  /// A float32 tensor of normally distributed numbers.
  ///
  /// - Parameter seed: of a draw that depends on nothing else and changes nothing else; nil draws
  ///   from libtorch's generator.
  public static func normal(
    _ shape: [Int], mean: Double = 0, deviation: Double = 1, seed: UInt64? = nil
  ) throws(GraftError) -> Tensor {
    let tensor = try empty(shape)
    try check("drawing numbers") {
      withSeed(seed) { ctorch_normal_in_place(tensor.handle, mean, deviation, $0) }
    }
    return tensor
  }

  /// A float32 tensor of numbers drawn evenly from `low` to `high`.
  ///
  /// - Parameter seed: as for ``normal(_:mean:deviation:seed:)``.
  public static func uniform(
    _ shape: [Int], low: Double = 0, high: Double = 1, seed: UInt64? = nil
  ) throws(GraftError) -> Tensor {
    let tensor = try empty(shape)
    try check("drawing numbers") {
      withSeed(seed) { ctorch_uniform_in_place(tensor.handle, low, high, $0) }
    }
    return tensor
  }
}

private func withSeed(
  _ seed: UInt64?, _ call: (UnsafePointer<UInt64>?) -> ctorch_status
) -> ctorch_status {
  guard let seed else { return call(nil) }
  return withUnsafePointer(to: seed, call)
}
