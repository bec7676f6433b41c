import Adapters
import Checkpoint
import Diagnostics
import LinearAlgebra
import TensorCore

/// The difference of one weight as A and B, with what they leave.
struct ExtractedMatrix {
  var a: MemorySource
  var b: MemorySource
  var kept: Extraction.Kept

  /// - Parameter isTransposed: whether the weight is stored as [in, out].
  init(
    _ pair: Extraction.Pair, size: Extraction.Size, dtype: DType, algebra: LinearAlgebra,
    isTransposed: Bool
  ) throws(GraftError) {
    let spec = pair.after.spec
    let (rows, columns) = (spec.shape[0], spec.shape[1])
    var delta = try Self.difference(pair)
    let norm = delta.reduce(0) { $0 + $1 * $1 }
    guard norm.isFinite else { throw .deltaNotFinite(spec.name, file: pair.after.file) }
    let factors = try algebra.factors(of: delta, rows: rows, columns: columns) { values in
      Self.rank(values, size)
    }
    let names = AdapterWriter.names(for: spec.name)
    let origin = "the difference of \(pair.after.file) and \(pair.before.file)"
    let left = Self.rounded(factors.left, to: dtype)
    let right = Self.rounded(factors.right, to: dtype)
    try algebra.subtract(
      left.map(Double.init), right.map(Double.init), rank: factors.rank, from: &delta, rows: rows,
      columns: columns)
    let rank = factors.rank
    if isTransposed {
      a = Self.source(
        names.a, [rank, rows], Self.transposed(left, rows, rank), dtype, origin)
      b = Self.source(
        names.b, [columns, rank], Self.transposed(right, rank, columns), dtype, origin)
    } else {
      a = Self.source(names.a, [rank, columns], right, dtype, origin)
      b = Self.source(names.b, [rows, rank], left, dtype, origin)
    }
    kept = Extraction.Kept(
      tensor: spec, rank: rank, norm: norm, residual: delta.reduce(0) { $0 + $1 * $1 },
      largest: delta.reduce(0) { max($0, $1.magnitude) })
  }

  /// The fine-tuned weight less the base's, in float64.
  private static func difference(_ pair: Extraction.Pair) throws(GraftError) -> [Double] {
    var delta: [Double] = []
    delta.reserveCapacity(pair.after.spec.elementCount)
    for rows in rowBlocks(of: pair.after.spec, byteLimit: 1 << 20) {
      let after = try pair.after.floats(rows: rows)
      let before = try pair.before.floats(rows: rows)
      for i in after.indices { delta.append(Double(after[i]) - Double(before[i])) }
    }
    return delta
  }

  private static func rank(_ values: [Double], _ size: Extraction.Size) -> Int {
    switch size {
    case .rank(let rank): return min(rank, values.count)
    case .energy(let share):
      let total = values.reduce(0) { $0 + $1 * $1 }
      var sum = 0.0
      for (i, value) in values.enumerated() {
        sum += value * value
        // A sum in another order may miss the whole by its last digits.
        if sum >= share * total * (1 - 1e-12) { return i + 1 }
      }
      return values.count
    }
  }

  private static func rounded(_ values: [Double], to dtype: DType) -> [Float] {
    values.map { value in
      switch dtype {
      case .bf16: Float(BFloat16(Float(value)))
      case .f16: Float(Float16(value))
      default: Float(value)
      }
    }
  }

  private static func source(
    _ name: String, _ shape: [Int], _ values: [Float], _ dtype: DType, _ origin: String
  ) -> MemorySource {
    let spec = TensorSpec(name: name, dtype: dtype, shape: shape)
    var bytes = [UInt8](repeating: 0, count: spec.byteCount)
    values.withUnsafeBufferPointer { values in
      bytes.withUnsafeMutableBytes { _ = narrow(values, to: dtype, into: $0) }
    }
    return MemorySource(spec: spec, bytes: bytes, origin: origin)
  }

  private static func transposed(_ values: [Float], _ rows: Int, _ columns: Int) -> [Float] {
    var out = [Float](repeating: 0, count: values.count)
    for i in 0..<rows { for j in 0..<columns { out[j * rows + i] = values[i * columns + j] } }
    return out
  }
}
