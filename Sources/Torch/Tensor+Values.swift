import CTorch
public import Diagnostics
public import TensorCore

extension Tensor {
  /// The extents, outermost first; empty for a scalar.
  public var shape: [Int] {
    (0..<ctorch_rank(handle)).map { Int(ctorch_extent(handle, $0)) }
  }

  /// The number of dimensions.
  public var rank: Int { ctorch_rank(handle) }

  /// The number of elements; 1 for a scalar.
  public var elementCount: Int { Int(ctorch_element_count(handle)) }

  /// The element type; nil for one that no operation of Graft makes.
  public var dtype: DType? { DType(ctorch_dtype_of(handle)) }

  /// Where it lives.
  public var device: Device { Device(ctorch_device_of(handle)) }

  /// The elements as row-major bytes.
  public func bytes() throws(GraftError) -> [UInt8] {
    guard let width = dtype?.byteWidth else { throw .tensorDType("of this tensor") }
    return try elements(UInt8.self, count: elementCount * width)
  }

  /// The elements as float32, row-major, converted where they have another type.
  public func floats() throws(GraftError) -> [Float] {
    try converted(to: .f32).elements(Float.self, count: elementCount)
  }

  /// The elements as int64, row-major, converted where they have another type.
  public func integers() throws(GraftError) -> [Int64] {
    try converted(to: .i64).elements(Int64.self, count: elementCount)
  }

  /// The value of a tensor with one element.
  public func item() throws(GraftError) -> Double {
    var value = 0.0
    try check("reading a number") { ctorch_item(handle, &value) }
    return value
  }

  /// Copies the elements, row-major, into `target`, which has exactly their size.
  public func read(into target: UnsafeMutableRawBufferPointer) throws(GraftError) {
    try check("reading a tensor") { ctorch_read_bytes(handle, target.baseAddress, target.count) }
  }

  /// This tensor with another element type or on another device; itself where nothing changes.
  public func converted(
    to dtype: DType, device: Device? = nil
  ) throws(GraftError) -> Tensor {
    let device = device ?? self.device
    if self.dtype == dtype, self.device == device { return self }
    let type = try dtype.native()
    return try produce("converting a tensor") { ctorch_to(handle, type, device.native, $0) }
  }

  private func elements<Element: BitwiseCopyable>(
    _: Element.Type, count: Int
  ) throws(GraftError) -> [Element] {
    var status = CTORCH_OK
    let values = [Element](unsafeUninitializedCapacity: count) { buffer, written in
      let raw = UnsafeMutableRawBufferPointer(buffer)
      status = ctorch_read_bytes(handle, raw.baseAddress, count * MemoryLayout<Element>.stride)
      written = status == CTORCH_OK ? count : 0
    }
    try check("reading a tensor") { status }
    return values
  }
}
