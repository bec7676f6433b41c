import Adapters
import Checkpoint
import Diagnostics
import TensorCore

/// LoHa: W + scale · (W1a · W1b) ∘ (W2a · W2b).
struct HadamardStep: ChangeStep {
  private let delta: HadamardDelta
  private let width: Int
  private let first: Transient
  private let second: Transient

  init(_ delta: HadamardDelta, width: Int) {
    self.delta = delta
    self.width = width
    let rows = delta.w1a.spec.rowCount
    first = Transient(rows: rows) { () throws(GraftError) in
      try delta.w1b.floats().map(Double.init)
    }
    second = Transient(rows: rows) { () throws(GraftError) in
      try delta.w2b.floats().map(Double.init)
    }
  }

  func apply(to values: inout [Double], rows: Range<Int>) throws(GraftError) {
    let left = try product(try delta.w1a.floats(rows: rows), try first.values(for: rows.count))
    let right = try product(try delta.w2a.floats(rows: rows), try second.values(for: rows.count))
    for i in values.indices { values[i] += delta.scale * left[i] * right[i] }
  }

  private func product(_ a: [Float], _ b: [Double]) throws(GraftError) -> [Double] {
    let rank = delta.rank
    var out = [Double](repeating: 0, count: a.count / rank * width)
    b.withUnsafeBufferPointer { b in
      out.withUnsafeMutableBufferPointer { out in
        for row in 0..<a.count / rank {
          for k in 0..<rank {
            let factor = Double(a[row * rank + k])
            for j in 0..<width { out[row * width + j] += factor * b[k * width + j] }
          }
        }
      }
    }
    return out
  }
}

/// LoKr: W + scale · W1 ⊗ W2.
struct KroneckerStep: ChangeStep {
  private let delta: KroneckerDelta
  private let width: Int
  private let left: Transient
  private let right: Transient

  init(_ delta: KroneckerDelta, width: Int) {
    self.delta = delta
    self.width = width
    let rows = delta.left.shape.rows * delta.right.shape.rows
    left = Transient(rows: rows) { () throws(GraftError) in try delta.left.matrix() }
    right = Transient(rows: rows) { () throws(GraftError) in try delta.right.matrix() }
  }

  func apply(to values: inout [Double], rows: Range<Int>) throws(GraftError) {
    let w1 = try left.values(for: rows.count)
    let w2 = try right.values(for: rows.count)
    let (outer, inner) = (delta.left.shape, delta.right.shape)
    for (place, row) in rows.enumerated() {
      let (r1, r2) = (row / inner.rows, row % inner.rows)
      for c1 in 0..<outer.columns {
        let factor = delta.scale * w1[r1 * outer.columns + c1]
        let start = place * width + c1 * inner.columns
        for c2 in 0..<inner.columns {
          values[start + c2] += factor * w2[r2 * inner.columns + c2]
        }
      }
    }
  }
}

extension KroneckerDelta.Factor {
  /// The factor as one matrix.
  fileprivate func matrix() throws(GraftError) -> [Double] {
    switch self {
    case .whole(let source): return try source.floats().map(Double.init)
    case .product(let a, let b):
      let (left, right) = (try a.floats(), try b.floats())
      let (rank, width) = (a.spec.rowElementCount, b.spec.rowElementCount)
      var out = [Double](repeating: 0, count: a.spec.rowCount * width)
      for row in 0..<a.spec.rowCount {
        for k in 0..<rank {
          let factor = Double(left[row * rank + k])
          for j in 0..<width { out[row * width + j] += factor * Double(right[k * width + j]) }
        }
      }
      return out
    }
  }
}

/// VeRA: W + diag(b) · B · diag(d) · A.
struct VectorStep: ChangeStep {
  private let width: Int
  private let rank: Int
  /// diag(d) · A, or its like for a transposed layer, `[rank, width]`.
  private let right: Transient
  /// diag(b) · B, or its like for a transposed layer, `[rows, rank]`.
  private let left: Transient

  init(_ delta: VectorDelta, width: Int, _ cache: FactorCache) {
    self.width = width
    rank = delta.rank
    let outputs = delta.b.spec.elementCount
    let isTransposed = delta.isTransposed
    let (rank, rows) = (delta.rank, isTransposed ? nil : outputs)
    // diag(d) · A, [rank, inputs]
    let inner: @Sendable () throws(GraftError) -> (values: [Double], columns: Int) = {
      () throws(GraftError) in
      let (a, columns) = try delta.projectionA(cache)
      let d = try delta.d.floats()
      return (a.enumerated().map { Double($1) * Double(d[$0 / columns]) }, columns)
    }
    // diag(b) · B, [outputs, rank]
    let outer: @Sendable () throws(GraftError) -> [Double] = { () throws(GraftError) in
      let b = try delta.projectionB(cache)
      let lengths = try delta.b.floats()
      return (0..<outputs * rank).map { Double(b[$0]) * Double(lengths[$0 / rank]) }
    }
    right = Transient(rows: rows ?? .max) { () throws(GraftError) in
      if isTransposed {
        let values = try outer()
        return (0..<rank * width).map { values[$0 % width * rank + $0 / width] }
      }
      let (values, columns) = try inner()
      return (0..<rank * width).map { values[$0 / width * columns + $0 % width] }
    }
    left = Transient(rows: rows ?? .max) { () throws(GraftError) in
      guard isTransposed else { return try outer() }
      let (values, columns) = try inner()
      return (0..<columns * rank).map { values[$0 % rank * columns + $0 / rank] }
    }
  }

  func apply(to values: inout [Double], rows: Range<Int>) throws(GraftError) {
    let a = try right.values(for: rows.count)
    let b = try left.values(for: rows.count)
    for (place, row) in rows.enumerated() {
      for k in 0..<rank {
        let factor = b[row * rank + k]
        for j in 0..<width { values[place * width + j] += factor * a[k * width + j] }
      }
    }
  }
}

extension VectorDelta {
  fileprivate func projectionA(
    _ cache: FactorCache
  ) throws(GraftError) -> (values: [Float], columns: Int) {
    switch projections {
    case .stored(let a, _):
      let values = try cache.values("\(a.file):\(a.spec.name)") { () throws(GraftError) in
        try a.floats()
      }
      return (values, a.spec.rowElementCount)
    case .drawn(let seed, let columns, let rows):
      let values = try cache.values("a|\(seed)|\(columns)|\(rows)|\(rank)") {
        () throws(GraftError) in projections.drawn(rank: rank)?.a ?? []
      }
      return (values, columns)
    }
  }

  fileprivate func projectionB(_ cache: FactorCache) throws(GraftError) -> [Float] {
    switch projections {
    case .stored(_, let b):
      try cache.values("\(b.file):\(b.spec.name)") { () throws(GraftError) in try b.floats() }
    case .drawn(let seed, let columns, let rows):
      try cache.values("b|\(seed)|\(columns)|\(rows)|\(rank)") {
        () throws(GraftError) in projections.drawn(rank: rank)?.b ?? []
      }
    }
  }
}
