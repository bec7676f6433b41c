import Adapters
import Checkpoint
import Diagnostics
import TensorCore

/// What the rows of a changed tensor must be, in float64.
///
/// Written apart from the merge's arithmetic, element by element as the formulas say, so that a
/// fault there is seen here.
protocol Reference: Sendable {
  /// Turns rows of the base into what they must be, in place.
  func apply(to values: inout [Double], rows: Range<Int>) throws(GraftError)
  /// How far float32 arithmetic may be from the exact value of one element.
  func float32Error(row: Int, column: Int, base: Double) throws(GraftError) -> Double
}

extension UpdateReference: Reference {
  func apply(to values: inout [Double], rows: Range<Int>) throws(GraftError) {
    try add(to: &values, rows: rows)
  }
}

/// Several changes of one tensor, one after the other.
struct ReferenceChain: Reference {
  private var steps: [any Reference] = []

  init(_ changes: [TensorChange], base: any TensorSource) throws(GraftError) {
    for change in changes { steps.append(try change.reference(on: base)) }
  }

  func apply(to values: inout [Double], rows: Range<Int>) throws(GraftError) {
    for step in steps { try step.apply(to: &values, rows: rows) }
  }

  func float32Error(row: Int, column: Int, base: Double) throws(GraftError) -> Double {
    var error = 0.0
    for step in steps { error += try step.float32Error(row: row, column: column, base: base) }
    return error
  }
}

extension TensorChange {
  /// The formula of this change.
  func reference(on base: any TensorSource) throws(GraftError) -> any Reference {
    let width = base.spec.rowElementCount
    switch self {
    case .lowRank(let delta):
      if delta.isPlain { return try UpdateReference(delta) }
      return try LowRankReference(delta, on: base.spec)
    case .weightDecomposed(let delta, let magnitude):
      return try DecomposedReference(delta, magnitude: magnitude, base: base)
    case .hadamard(let delta): return try HadamardReference(delta, width: width)
    case .kronecker(let delta): return try KroneckerReference(delta, width: width)
    case .vectors(let delta): return try VectorReference(delta, width: width)
    case .scaled(let scale): return try ScaleReference(scale, width: width)
    case .rotated(let rotation): return try RotationReference(rotation, base: base)
    case .added(let vector, let scale): return try AddedReference(vector, scale: scale)
    case .rows(let rows): return try RowsReference(rows, width: width)
    }
  }
}

/// All values of a small tensor.
func allValues(_ source: any TensorSource) throws(GraftError) -> [Double] {
  try Block(source, rows: 0..<source.spec.rowCount).values
}

/// Half a unit in the last place of a float32 number, relative to it.
let float32Unit = 0x1p-24
