/// A block of a tensor: where it begins along each axis, and how far it goes.
struct Box: Sendable, Hashable {
  /// The first index along each axis.
  var offsets: [Int]
  /// The extents; as many as offsets.
  var sizes: [Int]

  /// Whether it holds no element.
  var isEmpty: Bool { sizes.contains(0) }

  /// The end along an axis.
  func end(_ axis: Int) -> Int { offsets[axis] + sizes[axis] }

  /// The number of elements of a box that lies within a tensor.
  var elementCount: Int { sizes.reduce(1, *) }

  /// Whether it lies within a tensor of this shape; safe for any numbers.
  func lies(within shape: [Int]) -> Bool {
    guard offsets.count == shape.count, sizes.count == shape.count else { return false }
    return shape.indices.allSatisfy { axis in
      offsets[axis] >= 0 && sizes[axis] >= 0 && sizes[axis] <= shape[axis]
        && offsets[axis] <= shape[axis] - sizes[axis]
    }
  }

  /// Whether the two have an element in common.
  func overlaps(_ other: Box) -> Bool {
    offsets.indices.allSatisfy { axis in
      offsets[axis] < other.end(axis) && other.offsets[axis] < end(axis)
    } && !isEmpty && !other.isEmpty
  }
}

extension Box: CustomStringConvertible {
  /// `[256:511, 0:33]`
  var description: String {
    let axes = offsets.indices.map { "\(offsets[$0]):\(end($0))" }
    return "[\(axes.joined(separator: ", "))]"
  }
}
