public import Diagnostics
public import Safetensors
public import TensorCore

/// A tensor in a safetensors file.
public struct SafetensorsSource: ElementSource {
  /// Name, type and shape.
  public let spec: TensorSpec
  private let archive: SafetensorsFile

  /// The tensor of this spec in `archive`.
  public init(_ spec: TensorSpec, in archive: SafetensorsFile) {
    self.spec = spec
    self.archive = archive
  }

  /// The path of the archive.
  public var file: String { archive.path }

  /// Copies rows out of the file.
  public func read(
    rows: Range<Int>, into buffer: UnsafeMutableRawBufferPointer
  ) throws(GraftError) {
    let range = rows.lowerBound * rowByteCount..<rows.upperBound * rowByteCount
    try archive.read(spec.name, range, into: buffer)
  }

  /// Copies consecutive elements, counted in row-major order.
  public func read(
    elements: Range<Int>, into buffer: UnsafeMutableRawBufferPointer
  ) throws(GraftError) {
    let width = spec.dtype.bitWidth / 8
    let range = elements.lowerBound * width..<elements.upperBound * width
    try archive.read(spec.name, range, into: buffer)
  }

  /// Has the elements fetched.
  public func willRead(elements: Range<Int>) {
    let width = spec.dtype.bitWidth / 8
    archive.willRead(spec.name, elements.lowerBound * width..<elements.upperBound * width)
  }
}
