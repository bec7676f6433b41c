import Checkpoint
import Diagnostics
import TensorCore

/// Vectors end to end, and how much of each was taken.
struct FlatVector {
  private let parts: [TorchSource]
  /// The first element of each vector, and the end of the last.
  private let starts: [Int]
  /// The elements taken out of each.
  private(set) var taken: [Int]

  init(_ parts: [TorchSource]) {
    self.parts = parts
    var starts = [0]
    for part in parts { starts.append(starts[starts.count - 1] + part.spec.elementCount) }
    self.starts = starts
    taken = [Int](repeating: 0, count: parts.count)
  }

  /// The number of all elements.
  var count: Int { starts[parts.count] }

  /// Takes a run of elements; less, where the vectors end before it does.
  mutating func take(_ range: Range<Int>) -> [PiecewiseSource.Piece] {
    var pieces: [PiecewiseSource.Piece] = []
    var index = partIndex(at: range.lowerBound)
    while index < parts.count, starts[index] < range.upperBound {
      let own = range.clamped(to: starts[index]..<starts[index + 1])
      if !own.isEmpty {
        let start = starts[index]
        pieces.append(
          .init(parts[index], elements: own.lowerBound - start..<own.upperBound - start))
        taken[index] += own.count
      }
      index += 1
    }
    return pieces
  }

  /// The vector that holds an element, by bisection.
  private func partIndex(at element: Int) -> Int {
    var (low, high) = (0, parts.count)
    while low < high {
      let middle = (low + high) / 2
      if starts[middle + 1] <= element { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
