import Adapters
import Checkpoint
import Diagnostics
import TensorCore

/// Makes rows of merged - scale · B · A, rounded once: the base's up to what merging rounded away.
///
/// The same bits on every machine: the products of float32 factors are exact in float64, and the
/// sums are taken in one order.
struct Subtraction {
  let merged: any TensorSource
  /// The type of the base.
  let dtype: DType
  private var terms: [(a: [Double], delta: LowRankDelta)] = []

  /// - Returns: nil where a change is something else than B · A.
  init?(
    merged: any TensorSource, changes: [TensorChange], dtype: DType
  ) throws(GraftError) {
    guard OrderedBits.isCountable(dtype), OrderedBits.isCountable(merged.spec.dtype) else {
      return nil
    }
    self.merged = merged
    self.dtype = dtype
    for change in changes {
      guard let delta = change.plainDelta else { return nil }
      terms.append((try delta.a.floats().map(Double.init), delta))
    }
  }

  /// The bits of some rows.
  func bits(rows: Range<Int>) throws(GraftError) -> [UInt32] {
    let values = try merged.floats(rows: rows)
    guard !terms.isEmpty else {
      return values.map { OrderedBits.rounded(Double($0), dtype) }
    }
    var total = [Double](repeating: 0, count: values.count)
    let width = merged.spec.rowElementCount
    var sums = [Double](repeating: 0, count: width)
    for term in terms {
      let (rank, scale) = (term.delta.rank, term.delta.scale)
      let b = try term.delta.b.floats(rows: rows)
      for row in 0..<rows.count {
        for j in 0..<width { sums[j] = 0 }
        for k in 0..<rank {
          let factor = Double(b[row * rank + k])
          if factor == 0 { continue }
          for j in 0..<width { sums[j] += factor * term.a[k * width + j] }
        }
        for j in 0..<width { total[row * width + j] += scale * sums[j] }
      }
    }
    return values.indices.map { OrderedBits.rounded(Double(values[$0]) - total[$0], dtype) }
  }
}

/// Writes bits as elements of a type.
func store(_ bits: [UInt32], as dtype: DType, into buffer: UnsafeMutableRawBufferPointer) {
  if dtype == .f32 {
    bits.withUnsafeBytes { buffer.copyMemory(from: $0) }
  } else {
    for (i, value) in bits.enumerated() {
      buffer.storeBytes(of: UInt16(truncatingIfNeeded: value), toByteOffset: 2 * i, as: UInt16.self)
    }
  }
}

/// The bits of the elements of rows.
func loadBits(_ source: any TensorSource, rows: Range<Int>) throws(GraftError) -> [UInt32] {
  let bytes = try source.bytes(rows: rows)
  return bytes.withUnsafeBytes { raw in
    source.spec.dtype == .f32
      ? (0..<raw.count / 4).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self) }
      : (0..<raw.count / 2).map {
        UInt32(raw.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self))
      }
  }
}
