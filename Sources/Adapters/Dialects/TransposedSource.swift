public import Checkpoint
public import Diagnostics
public import TensorCore

/// A matrix with rows and columns exchanged, as another program's files keep the factors of an
/// adapter. For thin matrices: every read goes over the whole original.
public struct TransposedSource: DerivedSource {
  /// Name, type and the exchanged shape.
  public let spec: TensorSpec
  /// The matrix as its file keeps it.
  public let original: any TensorSource

  /// Exchanges the axes of a matrix.
  ///
  /// - Precondition: `original` has two axes and elements of whole bytes.
  public init(_ original: any TensorSource, as name: String) {
    precondition(original.spec.shape.count == 2 && original.spec.dtype.byteWidth != nil)
    self.original = original
    spec = TensorSpec(
      name: name, dtype: original.spec.dtype, shape: original.spec.shape.reversed())
  }

  /// The original's file.
  public var file: String { original.file }

  /// Gathers columns of the original.
  public func read(
    rows: Range<Int>, into buffer: UnsafeMutableRawBufferPointer
  ) throws(GraftError) {
    let size = spec.dtype.byteWidth ?? 1
    let (height, width) = (spec.shape[0], spec.shape[1])
    for block in rowBlocks(of: original.spec, byteLimit: 1 << 20) {
      let bytes = try original.bytes(rows: block)
      bytes.withUnsafeBytes { from in
        for (place, row) in rows.enumerated() {
          for column in block {
            let start = ((column - block.lowerBound) * height + row) * size
            let target = (place * width + column) * size
            UnsafeMutableRawBufferPointer(rebasing: buffer[target..<target + size])
              .copyMemory(from: UnsafeRawBufferPointer(rebasing: from[start..<start + size]))
          }
        }
      }
    }
  }
}
