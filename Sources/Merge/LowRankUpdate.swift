import Adapters
import CKernels
import Checkpoint
import Diagnostics
import Synchronization
import TensorCore

/// Makes the rows of one merged weight: base + scale · B · A, summed in float64 and rounded once.
///
/// A is read when the first rows are asked for and given back after the last, so that a merge
/// holds the factors of the tensors in flight only.
final class LowRankUpdate: Sendable {
  private let base: any TensorSource
  private let delta: LowRankDelta
  private let output: TensorSpec
  private let state: Mutex<State>

  private struct State {
    var a: [Double]?
    var tiles: [Float]?
    var rowsLeft: Int
  }

  /// Whether the float32 way may be tried: A is exact in float32, and one type goes in and out.
  private var isFast: Bool {
    base.spec.dtype == .bf16 && output.dtype == .bf16
      && [.f32, .f16, .bf16].contains(delta.a.spec.dtype)
      && delta.rank <= Int(graft_low_rank_limit)
  }

  /// Whether A may be read from tiles: it is exact in float32, and the output is no bfloat16.
  private var isTiled: Bool {
    [.f32, .f16].contains(output.dtype) && [.f32, .f16, .bf16].contains(delta.a.spec.dtype)
  }

  init(base: any TensorSource, delta: LowRankDelta, output: TensorSpec) throws(GraftError) {
    guard [.f32, .f16, .bf16].contains(base.spec.dtype),
      [.f32, .f16, .bf16].contains(output.dtype)
    else { throw .cannotMerge(into: base.spec, file: base.file) }
    self.base = base
    self.delta = delta
    self.output = output
    state = Mutex(State(a: nil, rowsLeft: output.rowCount))
  }

  /// Fills `buffer` with some rows in the output's type; for disjoint rows, from any thread.
  func produce(
    _ rows: Range<Int>, into buffer: UnsafeMutableRawBufferPointer
  ) throws(GraftError) {
    let b = try delta.b.floats(rows: rows).map { Double($0) * delta.scale }
    // Where a fast way gives up, the plain one finds the value to blame.
    var isDone = false
    if isFast {
      isDone = try updateInPlace(buffer, b, rows)
    } else if isTiled {
      isDone = try updateFromTiles(buffer, b, rows)
    }
    if !isDone { try update(buffer, b, rows) }
    state.withLock {
      $0.rowsLeft -= rows.count
      if $0.rowsLeft == 0 { ($0.a, $0.tiles) = (nil, nil) }
    }
  }

  private func updateInPlace(
    _ buffer: UnsafeMutableRawBufferPointer, _ b: [Double], _ rows: Range<Int>
  ) throws(GraftError) -> Bool {
    try base.read(rows: rows, into: buffer)
    let tiles = try tilesOfA()
    let (columns, rank) = (output.rowElementCount, delta.rank)
    guard let weights = buffer.baseAddress?.assumingMemoryBound(to: UInt16.self) else {
      return true
    }
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: rows.count * (rank + 1)) {
      scratch in
      b.withUnsafeBufferPointer { b in
        tiles.withUnsafeBufferPointer { tiles in
          guard let b = b.baseAddress, let tiles = tiles.baseAddress,
            let scratch = scratch.baseAddress
          else { return true }
          return graft_low_rank_update_bf16(
            weights, b, tiles, scratch, rows.count, columns, rank)
        }
      }
    }
  }

  private func update(
    _ buffer: UnsafeMutableRawBufferPointer, _ b: [Double], _ rows: Range<Int>
  ) throws(GraftError) {
    let a = try factorA()
    var sums = try base.floats(rows: rows)
    let (columns, rank) = (output.rowElementCount, delta.rank)
    sums.withUnsafeMutableBufferPointer { sums in
      b.withUnsafeBufferPointer { b in
        a.withUnsafeBufferPointer { a in
          guard let weights = sums.baseAddress, let b = b.baseAddress, let a = a.baseAddress
          else { return }
          graft_low_rank_update(
            weights, b, a, weights, rows.count, columns, rank, output.dtype != .f32)
        }
      }
    }
    try checkRange(sums)
    sums.withUnsafeBufferPointer { _ = narrow($0, to: output.dtype, into: buffer) }
  }

  private func updateFromTiles(
    _ buffer: UnsafeMutableRawBufferPointer, _ b: [Double], _ rows: Range<Int>
  ) throws(GraftError) -> Bool {
    let tiles = try tilesOfA()
    if output.dtype == .f32 {
      let floats = buffer.bindMemory(to: Float.self)
      try base.read(rows: rows, asFloatsInto: floats)
      return add(to: floats, b[...], tiles)
    }
    guard base.spec.dtype == .f16 else {
      var sums = try base.floats(rows: rows)
      let isDone = sums.withUnsafeMutableBufferPointer { add(to: $0, b[...], tiles) }
      sums.withUnsafeBufferPointer { _ = narrow($0, to: .f16, into: buffer) }
      return isDone
    }
    try base.read(rows: rows, into: buffer)
    let halves = buffer.bindMemory(to: UInt16.self)
    let (columns, rank) = (output.rowElementCount, delta.rank)
    // A piece of rows that stays in the cache from one step to the next.
    let step = max(1, (16 << 10) / max(columns, 1))
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: step * columns) { scratch in
      for first in stride(from: 0, to: rows.count, by: step) {
        let count = min(step, rows.count - first)
        let piece = UnsafeMutableBufferPointer(rebasing: scratch[..<(count * columns)])
        guard let floats = piece.baseAddress, let start = halves.baseAddress else { return true }
        let place = start + first * columns
        graft_f16_to_f32(place, floats, piece.count)
        guard add(to: piece, b[first * rank..<(first + count) * rank], tiles) else { return false }
        graft_f32_to_f16(floats, place, piece.count)
      }
      return true
    }
  }

  /// Adds the product to rows in float32; for float16, rounded to odd.
  private func add(
    to rows: UnsafeMutableBufferPointer<Float>, _ b: ArraySlice<Double>, _ tiles: [Float]
  ) -> Bool {
    let (columns, rank) = (output.rowElementCount, delta.rank)
    return b.withUnsafeBufferPointer { factors in
      tiles.withUnsafeBufferPointer { tiles in
        guard let weights = rows.baseAddress, let factors = factors.baseAddress,
          let tiles = tiles.baseAddress
        else { return true }
        return graft_low_rank_update_tiles(
          weights, factors, tiles, weights, b.count / rank, columns, rank, output.dtype == .f16,
          limit)
      }
    }
  }

  private func tilesOfA() throws(GraftError) -> [Float] {
    if let tiles = state.withLock({ $0.tiles }) { return tiles }
    let a = try delta.a.floats()
    let (columns, rank) = (output.rowElementCount, delta.rank)
    let width = Int(graft_low_rank_tile)
    let padded = (columns + width - 1) / width * width
    let size = padded * rank + padded / width
    let tiles = [Float](unsafeUninitializedCapacity: size) { tiles, count in
      a.withUnsafeBufferPointer { a in
        guard let a = a.baseAddress, let tiles = tiles.baseAddress else { return }
        graft_low_rank_tiles(a, tiles, columns, rank)
        count = size
      }
    }
    state.withLock { $0.tiles = tiles }
    return tiles
  }

  private func factorA() throws(GraftError) -> [Double] {
    if let a = state.withLock({ $0.a }) { return a }
    let a = try delta.a.floats().map(Double.init)
    state.withLock { $0.a = a }
    return a
  }

  /// The largest number of the output's type.
  private var limit: Float {
    switch output.dtype {
    case .f16: 65_504
    case .bf16: Float(BFloat16(bitPattern: 0x7F7F))
    default: .greatestFiniteMagnitude
    }
  }

  /// A sum that the output's type cannot hold would be written as infinity.
  private func checkRange(_ sums: [Float]) throws(GraftError) {
    guard let bad = sums.first(where: { !($0.magnitude <= limit) }) else { return }
    throw .outOfRange(bad, output, file: base.file)
  }
}
