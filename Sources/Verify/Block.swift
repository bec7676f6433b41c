import Checkpoint
import Diagnostics
import TensorCore

/// Rows of a tensor as float64.
struct Block {
  /// The values, row by row.
  var values: [Double]

  /// Reads rows.
  ///
  /// - Throws: ``GraftError`` for a type other than F64, F32, F16 and BF16.
  init(_ source: any TensorSource, rows: Range<Int>) throws(GraftError) {
    guard let number = Number(source.spec.dtype) else {
      throw .notComparable(source.spec, file: source.file)
    }
    let count = rows.count * source.spec.rowElementCount
    values = number.values(try source.bytes(rows: rows), 0..<count)
  }
}
