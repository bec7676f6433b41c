import Checkpoint
import Diagnostics
import TensorCore

/// Rows of a tensor as float64, beside the positions of the stored numbers.
struct Block {
  /// The values, row by row.
  var values: [Double]
  /// The position of each stored number in the order of its type; see ``Rounding``.
  var positions: [Int]

  /// Reads rows.
  ///
  /// - Throws: ``GraftError`` for a type other than F64, F32, F16 and BF16.
  init(_ source: any TensorSource, rows: Range<Int>) throws(GraftError) {
    let count = rows.count * source.spec.rowElementCount
    let bytes = try source.bytes(rows: rows)
    let dtype = source.spec.dtype
    guard dtype.isFloatingPoint else { throw .notComparable(source.spec, file: source.file) }
    var values = [Double](repeating: 0, count: count)
    var positions = [Int](repeating: 0, count: count)
    bytes.withUnsafeBytes { raw in
      switch dtype {
      case .f32:
        for i in 0..<count {
          let bits = raw.loadUnaligned(fromByteOffset: i * 4, as: UInt32.self)
          values[i] = Double(Float(bitPattern: bits))
          positions[i] = Rounding.position(bits: Int(bits), width: 32)
        }
      case .bf16:
        for i in 0..<count {
          let bits = raw.loadUnaligned(fromByteOffset: i * 2, as: UInt16.self)
          values[i] = Double(Float(bitPattern: UInt32(bits) << 16))
          positions[i] = Rounding.position(bits: Int(bits), width: 16)
        }
      case .f16:
        for i in 0..<count {
          let bits = raw.loadUnaligned(fromByteOffset: i * 2, as: UInt16.self)
          values[i] = Double(Float16(bitPattern: bits))
          positions[i] = Rounding.position(bits: Int(bits), width: 16)
        }
      default:
        for i in 0..<count {
          values[i] = raw.loadUnaligned(fromByteOffset: i * 8, as: Double.self)
        }
      }
    }
    self.values = values
    self.positions = positions
  }
}
