import Diagnostics
import TensorCore

/// A weight that bitsandbytes keeps in whole numbers of 8 bits with a factor for each row.
///
/// Source: bitsandbytes 0.50 `int8_vectorwise_dequant`.
struct EightBitSource: SynthesizedSource {
  let spec: TensorSpec
  let originals: [any TensorSource]
  private let codes: any TensorSource
  private let factors: [Float]

  var file: String { codes.file }

  /// - Parameter dtype: the type that the weight was quantised from.
  init(
    _ codes: any TensorSource, factors: any TensorSource, format: (any TensorSource)?, dtype: DType
  ) throws(GraftError) {
    let spec = codes.spec
    guard spec.dtype == .i8, spec.shape.count == 2, factors.spec.dtype == .f32,
      factors.spec.elementCount == spec.shape[0]
    else {
      throw .quantisedPartInvalid(
        "has factors of shape \(factors.spec.shape) for \(spec.description)", of: spec.name,
        file: codes.file)
    }
    if let format, try format.bytes().contains(where: { $0 != 0 }) {
      throw .quantisedPartInvalid(
        "is laid out for one kind of GPU (weight_format)", of: spec.name, file: codes.file)
    }
    self.codes = codes
    self.factors = try factors.floats()
    originals = [codes, factors] + (format.map { [$0] } ?? [])
    self.spec = TensorSpec(name: spec.name, dtype: dtype, shape: spec.shape)
  }

  func read(rows: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws(GraftError) {
    let bytes = try codes.bytes(rows: rows)
    let width = spec.rowElementCount
    var values = [Float](repeating: 0, count: bytes.count)
    for i in values.indices {
      // The library multiplies by 1/127 as this float32.
      values[i] =
        Float(Int8(bitPattern: bytes[i])) * factors[rows.lowerBound + i / width]
        * 7.874015718698502e-3
    }
    values.withUnsafeBufferPointer { _ = narrow($0, to: spec.dtype, into: buffer) }
  }
}
