import Checkpoint
import Diagnostics
import TensorCore

extension PlannedTensor {
  /// Plans a tensor that is rounded once, to nearest even.
  ///
  /// Where the source is not finite, or the target is float16 and too small for a number, making
  /// the rows fails.
  init(rounding source: any TensorSource, as name: String, to dtype: DType) throws(GraftError) {
    let wide =
      source.spec.dtype == .f64 && dtype != .f32
      ? try PlannedTensor(roundingToOdd: source)
      : try PlannedTensor(copying: source, as: name, dtype: .f32)
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

  /// Plans float32 rows of a float64 tensor that can be rounded to 16 bits as if they were the
  /// float64 numbers: an inexact number becomes the odd one of its two neighbours, which no second
  /// rounding takes for a tie.
  ///
  /// Source: Boldo and Melquiond, "When double rounding is odd", 2005.
  private init(roundingToOdd source: any TensorSource) throws(GraftError) {
    let doubles = try PlannedTensor(copying: source, as: source.spec.name)
    let spec = TensorSpec(name: source.spec.name, dtype: .f32, shape: source.spec.shape)
    self.init(spec: spec) { (rows, buffer) throws(GraftError) in
      var bytes = [UInt8](repeating: 0, count: rows.count * spec.rowElementCount * 8)
      var span = bytes.mutableSpan
      try span.withUnsafeMutableBytes { (raw) throws(GraftError) in
        try doubles.produce(rows, raw)
      }
      bytes.withUnsafeBytes { raw in
        for place in 0..<raw.count / 8 {
          let value = raw.loadUnaligned(fromByteOffset: place * 8, as: Double.self)
          buffer.storeBytes(
            of: Self.roundedToOdd(value), toByteOffset: place * 4, as: Float.self)
        }
      }
    }
  }

  static func roundedToOdd(_ value: Double) -> Float {
    let near = Float(value)
    guard near.isFinite, Double(near) != value else { return near }
    let isTooFar = Double(near).magnitude > value.magnitude
    return Float(bitPattern: (near.bitPattern - (isTooFar ? 1 : 0)) | 1)
  }
}
