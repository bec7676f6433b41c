import Adapters
import Checkpoint
import Diagnostics
import TensorCore

/// OFT: W · Rᵀ, where Rᵀ is applied to each row without being formed.
///
/// Since Qᵀ = −Q, the series I + 2Q + 2Q² + ... becomes w − 2wQ + 2wQ² − ... for a row w, and the
/// exact transform becomes w (I − Q)⁻¹ (I + Q).
struct RotationReference: Reference {
  private let rotation: BlockRotation
  private let width: Int
  /// For each block, Q.
  private var blocks: [[[Double]]] = []
  /// For each block, (I − Q)⁻¹, where the transform is exact.
  private var inverses: [[[Double]]] = []

  private let base: any TensorSource

  init(_ rotation: BlockRotation, base: any TensorSource) throws(GraftError) {
    self.rotation = rotation
    self.base = base
    width = base.spec.rowElementCount
    let size = rotation.blockSize
    let angles = try allValues(rotation.angles)
    var next = 0
    for _ in 0..<rotation.angles.spec.rowCount {
      var q = [[Double]](repeating: [Double](repeating: 0, count: size), count: size)
      var square = 0.0
      for i in 0..<size {
        for j in 0..<size where j > i {
          (q[i][j], q[j][i]) = (angles[next], -angles[next])
          square += 2 * angles[next] * angles[next]
          next += 1
        }
      }
      if let limit = rotation.limit, square.squareRoot() > limit {
        q = q.map { row in row.map { $0 / square.squareRoot() * limit } }
      }
      blocks.append(q)
      if rotation.terms == nil { inverses.append(Self.inverse(q)) }
    }
  }

  func apply(to values: inout [Double], rows: Range<Int>) throws(GraftError) {
    let size = rotation.blockSize
    for start in stride(from: 0, to: values.count, by: size) {
      let block = blocks.count == 1 ? 0 : start % width / size
      let turned = turn(Array(values[start..<start + size]), block)
      values.replaceSubrange(start..<start + size, with: turned)
    }
  }

  /// The error grows with the length of the row's part in the block, not with the element.
  func float32Error(row: Int, column: Int, base value: Double) throws(GraftError) -> Double {
    let values = try Block(base, rows: row..<row + 1).values
    let start = column - column % rotation.blockSize
    let square = values[start..<start + rotation.blockSize].reduce(0) { $0 + $1 * $1 }
    return Double(rotation.blockSize + (rotation.terms ?? 8) + 8) * float32Unit
      * square.squareRoot()
  }

  private func turn(_ row: [Double], _ block: Int) -> [Double] {
    let q = blocks[block]
    guard let terms = rotation.terms else {
      let half = times(row, inverses[block])
      return zip(half, times(half, q)).map { $0 + $1 }
    }
    // The degrees and factors that PEFT's loop gives.
    let degree = terms == 1 ? 0 : terms == 2 ? 1 : max(3, terms - 1)
    var sum = row
    var power = row
    for k in 0..<degree {
      power = times(power, q).map { -$0 }
      let factor: Double = terms > 2 && k == degree - 1 ? 1 : 2
      for i in sum.indices { sum[i] += factor * power[i] }
    }
    return sum
  }

  private func times(_ row: [Double], _ matrix: [[Double]]) -> [Double] {
    matrix.indices.map { column in
      var sum = 0.0
      for k in row.indices { sum += row[k] * matrix[k][column] }
      return sum
    }
  }

  /// (I − Q)⁻¹ by Gauss and Jordan; I − Q has an inverse for every skew-symmetric Q.
  private static func inverse(_ q: [[Double]]) -> [[Double]] {
    let size = q.count
    var rows = q.indices.map { i in
      q.indices.map { (i == $0 ? 1 : 0) - q[i][$0] } + q.indices.map { i == $0 ? 1 : 0 }
    }
    for column in 0..<size {
      let pivot = (column..<size).max { rows[$0][column].magnitude < rows[$1][column].magnitude }
      rows.swapAt(column, pivot ?? column)
      let head = rows[column][column]
      rows[column] = rows[column].map { $0 / head }
      for other in 0..<size where other != column {
        let factor = rows[other][column]
        rows[other] = zip(rows[other], rows[column]).map { $0 - factor * $1 }
      }
    }
    return rows.map { Array($0[size...]) }
  }
}
