/// Whether boxes cover a tensor so that every element is in exactly one.
enum BoxCover: Equatable {
  /// Every element is in one box.
  case exact
  /// So many elements are in none.
  case missing(elements: Int, example: [Int])
  /// Two boxes, by their numbers, have an element in common.
  case overlap(Int, Int)
  /// The boxes are cut in a way that would take too long to check.
  case tangled

  /// The comparisons of boxes that are made for one tensor.
  static let comparisonLimit = 20_000_000

  /// Checks boxes that lie within `shape`.
  ///
  /// Boxes are compared along the axis that cuts them most, so that rows of many ranks cost no
  /// more than sorting them.
  init(of shape: [Int], by boxes: [Box]) {
    let filled = boxes.indices.filter { !boxes[$0].isEmpty }
    let axis = shape.indices.max { a, b in
      Set(filled.map { boxes[$0].offsets[a] }).count
        < Set(filled.map { boxes[$0].offsets[b] }).count
    }
    let order = axis.map { axis in
      filled.sorted { boxes[$0].offsets[axis] < boxes[$1].offsets[axis] }
    }
    var active: [Int] = []
    var comparisons = 0
    for index in order ?? filled {
      let box = boxes[index]
      if let axis { active.removeAll { boxes[$0].end(axis) <= box.offsets[axis] } }
      comparisons += active.count + 1
      guard comparisons <= Self.comparisonLimit else {
        self = .tangled
        return
      }
      if let other = active.first(where: { boxes[$0].overlaps(box) }) {
        self = .overlap(min(other, index), max(other, index))
        return
      }
      active.append(index)
    }
    // No two have an element in common, so that the sum cannot be more than there are.
    let covered = filled.reduce(0) { $0 + boxes[$1].elementCount }
    let total = shape.reduce(1, *)
    if covered == total {
      self = .exact
    } else {
      self = .missing(
        elements: total - covered, example: Self.hole(shape, filled.map { boxes[$0] }) ?? [])
    }
  }

  /// The first index of an element that is in no box: one of the corners that boxes leave free.
  private static func hole(_ shape: [Int], _ boxes: [Box]) -> [Int]? {
    let origin = [Int](repeating: 0, count: shape.count)
    var corners = [origin]
    for box in boxes.prefix(1000) {
      for axis in shape.indices where box.end(axis) < shape[axis] {
        var corner = box.offsets
        corner[axis] = box.end(axis)
        corners.append(corner)
      }
    }
    return corners.filter { corner in
      !boxes.contains { box in
        shape.indices.allSatisfy {
          corner[$0] >= box.offsets[$0] && corner[$0] < box.end($0)
        }
      }
    }.min { $0.lexicographicallyPrecedes($1) }
  }
}
