public import Checkpoint
public import Diagnostics
public import TensorCore

/// A block out of another tensor: the rows of one head group, one layer of a stack.
public struct SlicedSource: DerivedSource {
  /// The name, with the block's shape.
  public let spec: TensorSpec
  /// The tensor that it is cut from.
  public let original: any TensorSource
  private let runs: BoxRuns
  private let isEmpty: Bool

  /// Cuts out a box.
  ///
  /// - Parameter dropping: axes of extent 1 at the front that are left off the shape.
  /// - Precondition: the box lies within the tensor.
  init(_ box: Box, of original: any TensorSource, named name: String, dropping axes: Int = 0) {
    precondition(box.lies(within: original.spec.shape), "a box outside its tensor")
    spec = TensorSpec(
      name: name, dtype: original.spec.dtype, shape: Array(box.sizes.dropFirst(axes)))
    self.original = original
    isEmpty = box.isEmpty
    runs = BoxRuns(box, in: original.spec.shape)
  }

  /// The original's file.
  public var file: String { original.file }

  /// Reads the rows that the box reaches; where it does not span whole rows, all of each.
  public func read(
    rows: Range<Int>, into buffer: UnsafeMutableRawBufferPointer
  ) throws(GraftError) {
    guard !isEmpty, let width = spec.dtype.byteWidth else { return }
    let size = rowByteCount
    let whole = original.rowByteCount
    var row = rows.lowerBound
    while row < rows.upperBound {
      let run = row / runs.length
      let inside = row % runs.length
      let count = min(runs.length - inside, rows.upperBound - row)
      let first = runs.start(of: run) + inside
      let begin = (row - rows.lowerBound) * size
      let target = unsafe UnsafeMutableRawBufferPointer(
        rebasing: buffer[begin..<begin + count * size])
      if size == whole {
        try unsafe original.read(rows: first..<first + count, into: target)
      } else {
        let bytes = try original.bytes(rows: first..<first + count)
        unsafe bytes.withUnsafeBytes { raw in
          for i in 0..<count {
            let from = i * whole + runs.column * width
            unsafe UnsafeMutableRawBufferPointer(rebasing: target[i * size..<(i + 1) * size])
              .copyMemory(from: UnsafeRawBufferPointer(rebasing: raw[from..<from + size]))
          }
        }
      }
      row += count
    }
  }
}
