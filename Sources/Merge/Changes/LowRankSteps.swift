import Adapters
import Checkpoint
import Diagnostics
import TensorCore

/// W + scale · B · A, in the whole tensor or in a part of it.
struct LowRankStep: ChangeStep {
  private let delta: LowRankDelta
  private let a: Transient
  private let place: Range<Int>
  private let width: Int

  init(_ delta: LowRankDelta, on spec: TensorSpec, _ cache: FactorCache) {
    let separated = delta.separated(cache)
    self.delta = separated
    width = spec.rowElementCount
    let sliceRows = spec.shape.count == 3 ? spec.shape[1] : 0
    let first = delta.place.map { $0.slice * sliceRows + $0.firstRow } ?? 0
    place = first..<first + separated.b.spec.rowCount
    a = Transient(rows: place.count) { () throws(GraftError) in
      try separated.a.floats().map(Double.init)
    }
  }

  func apply(to values: inout [Double], rows: Range<Int>) throws(GraftError) {
    let here = rows.clamped(to: place)
    guard !here.isEmpty else { return }
    let a = try a.values(for: here.count)
    let b = try delta.b.floats(
      rows: here.lowerBound - place.lowerBound..<here.upperBound - place.lowerBound)
    let (rank, width) = (delta.rank, width)
    values.withUnsafeMutableBufferPointer { values in
      a.withUnsafeBufferPointer { a in
        var sums = [Double](repeating: 0, count: width)
        for row in 0..<here.count {
          for j in 0..<width { sums[j] = 0 }
          for k in 0..<rank {
            let factor = Double(b[row * rank + k]) * delta.scale
            for j in 0..<width { sums[j] += factor * a[k * width + j] }
          }
          let start = (here.lowerBound - rows.lowerBound + row) * width
          for j in 0..<width { values[start + j] += sums[j] }
        }
      }
    }
  }
}

/// DoRA: W + scale · B · A, each output brought to its trained length.
struct DecomposedStep: ChangeStep {
  private let sum: LowRankStep
  private let magnitude: any TensorSource
  private let width: Int
  /// The factors of the columns, where outputs are columns.
  private let columns: Transient?

  init(
    _ delta: LowRankDelta, magnitude: any TensorSource, base: any TensorSource, _ cache: FactorCache
  ) {
    let (spec, width) = (base.spec, base.spec.rowElementCount)
    sum = LowRankStep(delta, on: spec, cache)
    self.magnitude = magnitude
    self.width = width
    guard delta.isTransposed else {
      columns = nil
      return
    }
    columns = Transient(rows: spec.rowCount) { () throws(GraftError) in
      let pass = LowRankStep(delta, on: spec, cache)
      var squares = [Double](repeating: 0, count: width)
      for rows in rowBlocks(of: spec, byteLimit: 4 << 20) {
        var values = try base.floats(rows: rows).map(Double.init)
        try pass.apply(to: &values, rows: rows)
        for i in values.indices { squares[i % width] += values[i] * values[i] }
      }
      return zip(try magnitude.floats(), squares).map { Double($0) / $1.squareRoot() }
    }
  }

  func apply(to values: inout [Double], rows: Range<Int>) throws(GraftError) {
    try sum.apply(to: &values, rows: rows)
    if let columns {
      let factors = try columns.values(for: rows.count)
      for i in values.indices { values[i] *= factors[i % width] }
      return
    }
    let lengths = try magnitude.floats()
    for (place, row) in rows.enumerated() {
      let range = place * width..<(place + 1) * width
      var square = 0.0
      for i in range { square += values[i] * values[i] }
      let factor = Double(lengths[row]) / square.squareRoot()
      for i in range { values[i] *= factor }
    }
  }
}
