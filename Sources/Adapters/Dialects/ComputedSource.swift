import Checkpoint
import Diagnostics
import TensorCore

/// A small tensor that is made whole whenever it is read.
struct ComputedSource: DerivedSource {
  var spec: TensorSpec
  var original: any TensorSource
  /// All elements, row by row, in a type that Graft writes.
  var make: @Sendable () throws(GraftError) -> [Float]

  var file: String { original.file }

  func read(rows: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws(GraftError) {
    let width = spec.rowElementCount
    let all = try make()
    all.withUnsafeBufferPointer { all in
      let part = UnsafeBufferPointer(
        rebasing: all[rows.lowerBound * width..<rows.upperBound * width])
      _ = narrow(part, to: spec.dtype, into: buffer)
    }
  }
}
