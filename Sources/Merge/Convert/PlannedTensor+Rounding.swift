import Checkpoint
import Diagnostics
import TensorCore

extension PlannedTensor {
  /// Plans a tensor that is read as float32 and rounded once, to nearest even.
  ///
  /// Where the source is not finite, or the target is float16 and too small for a number, making
  /// the rows fails.
  init(rounding source: any TensorSource, as name: String, to dtype: DType) throws(GraftError) {
    let wide = try PlannedTensor(copying: source, as: name, dtype: .f32)
    let spec = TensorSpec(name: name, dtype: dtype, shape: source.spec.shape)
    self.init(spec: spec) { (rows, buffer) throws(GraftError) in
      var floats = [Float](repeating: 0, count: rows.count * spec.rowElementCount)
      var span = floats.mutableSpan
      try span.withUnsafeMutableBytes { (raw) throws(GraftError) in try wide.produce(rows, raw) }
      let largest = floats.withUnsafeBufferPointer { numbers in
        numbers.reduce(UInt32(0)) { max($0, $1.bitPattern & 0x7FFF_FFFF) }
      }
      guard largest < 0x7F80_0000 else { throw .nonFinite(source.spec.name, file: source.file) }
      // Half of the last place above the largest float16.
      guard dtype != .f16 || Float(bitPattern: largest) < 65520 else {
        throw .tooLarge(source.spec.name, for: "f16", file: source.file)
      }
      floats.withUnsafeBufferPointer { _ = narrow($0, to: dtype, into: buffer) }
    }
  }
}
