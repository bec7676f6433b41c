import CKernels
public import Diagnostics
public import TensorCore

/// A tensor that can be read row by row, wherever its bytes come from.
///
/// A row runs along the last axis, and rows are counted through all other axes; a vector or a scalar
/// is one row. Sources are cheap to
/// hold: nothing is read until ``read(rows:into:)``.
public protocol TensorSource: Sendable {
  /// Name in its file, element type and shape of what is read.
  var spec: TensorSpec { get }
  /// The file that holds the bytes.
  var file: String { get }
  /// Copies rows as little-endian elements of `spec.dtype`, row-major.
  ///
  /// - Parameters:
  ///   - rows: rows within `0..<spec.rowCount`.
  ///   - buffer: room for exactly these rows.
  func read(rows: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws(GraftError)
  /// Tells the system that rows will be read soon, so that the disk can fetch them meanwhile.
  func willRead(rows: Range<Int>)
}

extension TensorSource {
  /// Does nothing.
  public func willRead(rows: Range<Int>) {}

  /// The size of one row in bytes.
  public var rowByteCount: Int { spec.rowElementCount * spec.dtype.bitWidth / 8 }

  /// The bytes of some rows.
  public func bytes(rows: Range<Int>) throws(GraftError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: rows.count * rowByteCount)
    var span = bytes.mutableSpan
    try span.withUnsafeMutableBytes { (raw) throws(GraftError) in try read(rows: rows, into: raw) }
    return bytes
  }

  /// All bytes; for small tensors.
  public func bytes() throws(GraftError) -> [UInt8] { try bytes(rows: 0..<spec.rowCount) }

  /// Some rows as float32; exact for F32, F16 and BF16, rounded for F64.
  ///
  /// - Throws: ``GraftError`` for a type that holds no real numbers.
  public func floats(rows: Range<Int>) throws(GraftError) -> [Float] {
    let count = rows.count * spec.rowElementCount
    var floats = [Float](repeating: 0, count: count)
    var span = floats.mutableSpan
    try span.withUnsafeMutableBufferPointer { (buffer) throws(GraftError) in
      try read(rows: rows, asFloatsInto: buffer)
    }
    return floats
  }

  /// The whole tensor as float32; for small tensors.
  public func floats() throws(GraftError) -> [Float] { try floats(rows: 0..<spec.rowCount) }

  /// Reads rows into a float32 buffer; see ``floats(rows:)``.
  public func read(
    rows: Range<Int>, asFloatsInto buffer: UnsafeMutableBufferPointer<Float>
  ) throws(GraftError) {
    if spec.dtype == .f32 {
      try read(rows: rows, into: UnsafeMutableRawBufferPointer(buffer))
      return
    }
    let raw = try bytes(rows: rows)
    try raw.span.bytes.withUnsafeBytes { (bytes) throws(GraftError) in
      guard widen(bytes, from: spec.dtype, into: buffer) else {
        throw .notNumeric(spec, file: file)
      }
    }
  }
}

/// Widens numbers to float32.
///
/// - Returns: false, having done nothing, for a type that holds no real numbers.
func widen(
  _ bytes: UnsafeRawBufferPointer, from dtype: DType, into floats: UnsafeMutableBufferPointer<Float>
) -> Bool {
  let count = floats.count
  guard count > 0, let source = bytes.baseAddress, let target = floats.baseAddress else {
    return dtype.isFloatingPoint
  }
  switch dtype {
  case .f32: target.update(from: source.assumingMemoryBound(to: Float.self), count: count)
  case .bf16: graft_bf16_to_f32(source.assumingMemoryBound(to: UInt16.self), target, count)
  case .f16: graft_f16_to_f32(source.assumingMemoryBound(to: UInt16.self), target, count)
  case .f64:
    for i in 0..<count {
      target[i] = Float(source.loadUnaligned(fromByteOffset: i * 8, as: Double.self))
    }
  default: return false
  }
  return true
}

/// Rounds float32 numbers to `dtype`, once, to nearest even.
///
/// - Returns: false, having done nothing, for a type that Graft does not write.
package func narrow(
  _ floats: UnsafeBufferPointer<Float>, to dtype: DType, into bytes: UnsafeMutableRawBufferPointer
) -> Bool {
  let count = floats.count
  guard count > 0, let source = floats.baseAddress, let target = bytes.baseAddress else {
    return dtype.isFloatingPoint
  }
  switch dtype {
  case .f32: target.copyMemory(from: source, byteCount: count * 4)
  case .bf16: graft_f32_to_bf16(source, target.assumingMemoryBound(to: UInt16.self), count)
  case .f16: graft_f32_to_f16(source, target.assumingMemoryBound(to: UInt16.self), count)
  case .f64:
    for i in 0..<count {
      target.storeBytes(of: Double(source[i]), toByteOffset: i * 8, as: Double.self)
    }
  default: return false
  }
  return true
}
