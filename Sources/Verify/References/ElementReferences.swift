import Adapters
import Checkpoint
import Diagnostics
import TensorCore

/// IA3: every row or column times its factor.
struct ScaleReference: Reference {
  private let factors: [Double]
  private let axis: ElementScale.Axis
  private let width: Int

  init(_ scale: ElementScale, width: Int) throws(GraftError) {
    factors = try allValues(scale.factors)
    axis = scale.axis
    self.width = width
  }

  func apply(to values: inout [Double], rows: Range<Int>) throws(GraftError) {
    for (place, row) in rows.enumerated() {
      for column in 0..<width {
        values[place * width + column] *= factors[axis == .rows ? row : column]
      }
    }
  }

  func float32Error(row: Int, column: Int, base: Double) throws(GraftError) -> Double {
    float32Unit * (base * factors[axis == .rows ? row : column]).magnitude
  }
}

/// A bias plus a vector times a factor.
struct AddedReference: Reference {
  private let vector: [Double]
  private let scale: Double

  init(_ vector: any TensorSource, scale: Double) throws(GraftError) {
    self.vector = try allValues(vector)
    self.scale = scale
  }

  func apply(to values: inout [Double], rows: Range<Int>) throws(GraftError) {
    for i in values.indices { values[i] += scale * vector[i] }
  }

  func float32Error(row: Int, column: Int, base: Double) throws(GraftError) -> Double {
    3 * float32Unit * (base.magnitude + (scale * vector[column]).magnitude)
  }
}

/// Single rows replaced by trained ones.
struct RowsReference: Reference {
  private let replacement: RowReplacement
  private let trained: [Double]
  private let width: Int

  init(_ replacement: RowReplacement, width: Int) throws(GraftError) {
    self.replacement = replacement
    trained = try allValues(replacement.values)
    self.width = width
  }

  func apply(to values: inout [Double], rows: Range<Int>) throws(GraftError) {
    for (source, id) in replacement.ids.enumerated() where rows.contains(id) {
      for column in 0..<width {
        values[(id - rows.lowerBound) * width + column] = trained[source * width + column]
      }
    }
  }

  func float32Error(row: Int, column: Int, base: Double) throws(GraftError) -> Double { 0 }
}
