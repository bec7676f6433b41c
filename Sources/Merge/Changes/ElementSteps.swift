import Adapters
import Checkpoint
import Diagnostics
import TensorCore

/// IA3: every row or column times its factor.
struct ScaleStep: ChangeStep {
  private let scale: ElementScale
  private let width: Int

  init(_ scale: ElementScale, width: Int) {
    self.scale = scale
    self.width = width
  }

  func apply(to values: inout [Double], rows: Range<Int>) throws(GraftError) {
    let factors = try scale.factors.floats()
    for i in values.indices {
      values[i] *= Double(
        factors[scale.axis == .columns ? i % width : rows.lowerBound + i / width])
    }
  }
}

/// A vector times a factor, added to a bias.
struct AddedStep: ChangeStep {
  let vector: any TensorSource
  let scale: Double

  func apply(to values: inout [Double], rows: Range<Int>) throws(GraftError) {
    for (i, value) in try vector.floats().enumerated() { values[i] += scale * Double(value) }
  }
}

/// Single rows replaced.
struct RowsStep: ChangeStep {
  private let places: [Int: Int]
  private let values: any TensorSource
  private let width: Int

  init(_ replacement: RowReplacement, width: Int) {
    places = Dictionary(
      replacement.ids.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    values = replacement.values
    self.width = width
  }

  func apply(to values: inout [Double], rows: Range<Int>) throws(GraftError) {
    for (place, row) in rows.enumerated() {
      guard let source = places[row] else { continue }
      let trained = try self.values.floats(rows: source..<source + 1)
      for j in 0..<width { values[place * width + j] = Double(trained[j]) }
    }
  }
}
