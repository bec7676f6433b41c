/// The rows of a box within a tensor, in runs of equal length: the rows of a run are neighbours both
/// in the box and in the tensor.
///
/// A row runs along the last axis, and rows are counted through all other axes.
struct BoxRuns: Sendable {
  /// The rows of the tensor that the box reaches.
  let firstRow: Int
  let endRow: Int
  /// The first element within a row, and how many there are.
  let column: Int
  let columns: Int
  /// The rows in a run, and how many runs there are.
  let length: Int
  let count: Int
  /// The box's extents along the axes that runs are counted through, and how many rows of the
  /// tensor a step along each is.
  private let outer: [(size: Int, step: Int)]

  /// Describes a box that lies within a tensor of `shape` and holds elements.
  init(_ box: Box, in shape: [Int]) {
    column = box.offsets.last ?? 0
    columns = box.sizes.last ?? 1
    let axes = max(0, shape.count - 1)
    var steps = [Int](repeating: 1, count: axes)
    for axis in (0..<max(0, axes - 1)).reversed() {
      steps[axis] = steps[axis + 1] * shape[axis + 1]
    }
    var first = 0
    var last = 0
    for axis in 0..<axes {
      first += box.offsets[axis] * steps[axis]
      last += (box.end(axis) - 1) * steps[axis]
    }
    firstRow = first
    endRow = last + 1
    // A run goes on over the axes that the box fills, and along one axis more.
    var inner = axes
    var length = 1
    while inner > 0 {
      inner -= 1
      length *= box.sizes[inner]
      if box.sizes[inner] != shape[inner] { break }
    }
    self.length = length
    outer = (0..<inner).map { (box.sizes[$0], steps[$0]) }
    count = outer.reduce(1) { $0 * $1.size }
  }

  /// The row of the tensor at which a run begins; grows with the run.
  func start(of run: Int) -> Int {
    var rest = run
    var row = firstRow
    for (size, step) in outer.reversed() {
      row += rest % size * step
      rest /= size
    }
    return row
  }

  /// The last run that begins at or before a row of the tensor; the first, if none does.
  func last(before row: Int) -> Int {
    var (low, high) = (0, count - 1)
    while low < high {
      let middle = (low + high + 1) / 2
      if start(of: middle) <= row { low = middle } else { high = middle - 1 }
    }
    return low
  }
}
