import Diagnostics
import TensorCore

/// A weight in FP8 (E4M3) with a factor for each block of rows and columns, as DeepSeek publishes
/// them.
///
/// Source: transformers 5.23 `integrations/finegrained_fp8.py`; OCP 8-bit floating point
/// specification for the numbers.
struct BlockScaledSource: SynthesizedSource {
  let spec: TensorSpec
  let originals: [any TensorSource]
  private let codes: any TensorSource
  private let factors: [Float]
  private let factorColumns: Int
  private let block: (rows: Int, columns: Int)

  var file: String { codes.file }

  /// - Parameters:
  ///   - block: rows and columns of a block, by config.json; nil to take the grid of the factors.
  ///   - dtype: the type to round to.
  init(
    _ codes: any TensorSource, factors: any TensorSource, block: (rows: Int, columns: Int)?,
    dtype: DType
  ) throws(GraftError) {
    let shape = codes.spec.shape
    func invalid() -> GraftError {
      .quantisedPartInvalid(
        "has factors of shape \(factors.spec.shape) for \(codes.spec.description)",
        of: codes.spec.name, file: codes.file)
    }
    guard shape.count == 2, factors.spec.dtype.isFloatingPoint, factors.spec.elementCount > 0 else {
      throw invalid()
    }
    let grid = factors.spec.shape.count == 2 ? factors.spec.shape : [1, 1]
    guard grid[0] * grid[1] == factors.spec.elementCount else { throw invalid() }
    if let block, grid != [1, 1] {
      guard grid[0] == (shape[0] + block.rows - 1) / block.rows,
        grid[1] == (shape[1] + block.columns - 1) / block.columns
      else { throw invalid() }
      self.block = block
    } else {
      guard shape[0] % grid[0] == 0, shape[1] % grid[1] == 0 else { throw invalid() }
      self.block = (max(1, shape[0] / grid[0]), max(1, shape[1] / grid[1]))
    }
    self.codes = codes
    self.factors = try factors.floats()
    factorColumns = grid[1]
    originals = [codes, factors]
    spec = TensorSpec(name: codes.spec.name, dtype: dtype, shape: shape)
  }

  func read(rows: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws(GraftError) {
    let bytes = try codes.bytes(rows: rows)
    let width = spec.rowElementCount
    var values = [Float](repeating: 0, count: bytes.count)
    for (place, row) in rows.enumerated() {
      let start = row / block.rows * factorColumns
      for column in 0..<width {
        let i = place * width + column
        values[i] = Self.numbers[Int(bytes[i])] * factors[start + column / block.columns]
      }
    }
    values.withUnsafeBufferPointer { _ = narrow($0, to: spec.dtype, into: buffer) }
  }

  /// What each byte stands for: 4 bits of exponent, 3 of fraction, no infinity.
  private static let numbers: [Float] = (0..<256).map { code in
    let (exponent, fraction) = (code >> 3 & 15, code & 7)
    if exponent == 15, fraction == 7 { return .nan }
    let magnitude: Float =
      exponent == 0
      ? Float(fraction) * 0x1p-9
      : Float(sign: .plus, exponent: exponent - 7, significand: 1 + Float(fraction) / 8)
    return code & 0x80 == 0 ? magnitude : -magnitude
  }
}
