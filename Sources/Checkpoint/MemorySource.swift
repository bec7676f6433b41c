public import Diagnostics
public import TensorCore

/// A tensor held in memory: a fresh head, a converted scalar, a test's fixture.
public struct MemorySource: TensorSource {
  /// Name, type and shape.
  public let spec: TensorSpec
  /// Where the values come from, in words.
  public let file: String
  private let content: [UInt8]

  /// Wraps bytes.
  ///
  /// - Precondition: `bytes` has the size that `spec` says.
  public init(spec: TensorSpec, bytes: [UInt8], origin: String) {
    precondition(bytes.count == spec.byteCount)
    self.spec = spec
    self.content = bytes
    file = origin
  }

  /// Wraps float32 values.
  ///
  /// - Precondition: there are as many as `shape` says.
  public init(name: String, shape: [Int], floats: [Float], origin: String) {
    self.init(
      spec: TensorSpec(name: name, dtype: .f32, shape: shape),
      bytes: floats.withUnsafeBytes { Array($0) }, origin: origin)
  }

  /// Copies rows out of memory.
  public func read(
    rows: Range<Int>, into buffer: UnsafeMutableRawBufferPointer
  ) throws(GraftError) {
    let start = rows.lowerBound * rowByteCount
    content.withUnsafeBytes {
      buffer.copyMemory(
        from: UnsafeRawBufferPointer(rebasing: $0[start..<start + rows.count * rowByteCount]))
    }
  }
}
