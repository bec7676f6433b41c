import Adapters
import Checkpoint
import Diagnostics
import TensorCore

/// W + scale · B · A where the product is transposed, one expert's, or a part of the tensor.
///
/// Memory: A and B as float64.
struct LowRankReference: Reference {
  private let delta: LowRankDelta
  private let a: [Double]
  private let b: [Double]
  private let width: Int
  /// The rows of one expert's matrix in a tensor of all experts.
  private let sliceRows: Int

  init(_ delta: LowRankDelta, on spec: TensorSpec) throws(GraftError) {
    self.delta = delta
    width = spec.rowElementCount
    sliceRows = spec.shape.count == 3 ? spec.shape[1] : spec.rowCount
    a = try allValues(delta.a)
    b = try allValues(delta.b)
  }

  func apply(to values: inout [Double], rows: Range<Int>) throws(GraftError) {
    for (place, row) in rows.enumerated() {
      guard let own = productRow(row) else { continue }
      for column in 0..<width {
        var sum = 0.0
        for k in 0..<delta.rank { sum += term(own, column, k) }
        values[place * width + column] += sum
      }
    }
  }

  func float32Error(row: Int, column: Int, base: Double) throws(GraftError) -> Double {
    guard let own = productRow(row) else { return 0 }
    var magnitude = base.magnitude
    for k in 0..<delta.rank { magnitude += term(own, column, k).magnitude }
    return Double(delta.rank + 3) * float32Unit * magnitude
  }

  /// The row of the product that goes into a row of the tensor.
  private func productRow(_ row: Int) -> Int? {
    var own = row
    if let place = delta.place {
      guard row / sliceRows == place.slice else { return nil }
      own = row % sliceRows - place.firstRow
    }
    guard own >= 0, own < delta.rowCount else { return nil }
    return own + (delta.rows?.lowerBound ?? 0)
  }

  /// scale · B[out, k] · A[k, in]
  private func term(_ row: Int, _ column: Int, _ k: Int) -> Double {
    let (output, input) = delta.isTransposed ? (column, row) : (row, column)
    let (expert, count) = (delta.expert?.index ?? 0, delta.expert?.count ?? 1)
    let inputs = delta.a.spec.rowElementCount
    return delta.scale * b[output * delta.rank * count + k * count + expert]
      * a[(expert * delta.rank + k) * inputs + input]
  }
}

/// DoRA: W + scale · B · A, each output brought to its trained length.
struct DecomposedReference: Reference {
  private let sum: LowRankReference
  private let base: any TensorSource
  private let magnitude: [Double]
  private let width: Int
  private let isTransposed: Bool
  /// The sum of squares of each column, where outputs are columns.
  private var columnSquares: [Double] = []

  init(
    _ delta: LowRankDelta, magnitude: any TensorSource, base: any TensorSource
  ) throws(GraftError) {
    sum = try LowRankReference(delta, on: base.spec)
    self.base = base
    self.magnitude = try allValues(magnitude)
    width = base.spec.rowElementCount
    isTransposed = delta.isTransposed
    guard isTransposed else { return }
    columnSquares = [Double](repeating: 0, count: width)
    for rows in rowBlocks(of: base.spec, byteLimit: 1 << 20) {
      var values = try Block(base, rows: rows).values
      try sum.apply(to: &values, rows: rows)
      for row in 0..<rows.count {
        for column in 0..<width {
          let value = values[row * width + column]
          columnSquares[column] += value * value
        }
      }
    }
  }

  func apply(to values: inout [Double], rows: Range<Int>) throws(GraftError) {
    try sum.apply(to: &values, rows: rows)
    for (place, row) in rows.enumerated() {
      let range = place * width..<(place + 1) * width
      let rowSquares = values[range].reduce(0) { $0 + $1 * $1 }
      for column in 0..<width {
        let length = (isTransposed ? columnSquares[column] : rowSquares).squareRoot()
        values[range.lowerBound + column] *= magnitude[isTransposed ? column : row] / length
      }
    }
  }

  /// The error of the sum, stretched as the sum is, and that of a length over many squares.
  func float32Error(row: Int, column: Int, base value: Double) throws(GraftError) -> Double {
    var values = try Block(base, rows: row..<row + 1).values
    let plain = try sum.float32Error(row: row, column: column, base: value)
    try sum.apply(to: &values, rows: row..<row + 1)
    let before = values[column]
    values = try Block(base, rows: row..<row + 1).values
    try apply(to: &values, rows: row..<row + 1)
    let stretch = before == 0 ? 1 : values[column] / before
    return plain * stretch.magnitude + 16 * float32Unit * values[column].magnitude
  }
}
