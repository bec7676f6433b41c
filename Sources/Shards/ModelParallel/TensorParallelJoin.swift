import Checkpoint
import Diagnostics
import TensorCore

/// Tensor-parallel ranks that keep the model's own names, put together: rows end to end for what
/// is cut by outputs, columns side by side for what is cut by inputs, one of equal copies for the
/// rest.
///
/// Which of these holds follows from the shape that the family's table gives the whole tensor. Of a
/// matrix that several were put into, each rank has its share of each part.
struct TensorParallelJoin {
  /// The tensors of each rank, in the ranks' order.
  let ranks: [[any TensorSource]]
  /// The files to name for each rank.
  let files: [String]
  let config: ModelConfig

  /// The whole tensors.
  ///
  /// - Throws: ``GraftError`` if ranks have different tensors, copies differ, or a tensor's parts do
  ///   not make the shape that the table gives.
  func joined(role: ModelRole) throws(GraftError) -> (
    weights: [ChunkedSource], dropped: [Reassembly.Dropped]
  ) {
    guard let family = config.family else {
      throw .parallelUnknownFamily(config.modelType ?? "(none)", file: config.file)
    }
    let expected = try family.expectedTensors(config, role: role)
    let shapes = Dictionary(expected.map { ($0.name, $0.shape) }) { first, _ in first }
    let tables = Dictionary(expected.map { ($0.name, $0) }) { first, _ in first }
    var account = Reassembly(shapes: shapes, place: files.first ?? config.file)
    let stores = try stores()
    for name in stores[0].names {
      let parts = try sameTensor(name, in: stores)
      let numbers = parts.map { account.add($0) }
      guard let table = tables[name] else {
        guard family.isRecomputedBuffer(name) else {
          throw .partWithoutPlace(parts[0].spec, file: parts[0].file)
        }
        for number in numbers { account.drop(number, because: "computed again from config.json") }
        continue
      }
      try place(table, parts, numbers, in: &account)
    }
    return (try account.finish(), account.dropped)
  }

  private func stores() throws(GraftError) -> [TensorStore] {
    var stores: [TensorStore] = []
    for (rank, file) in zip(ranks, files) { stores.append(try TensorStore(rank, files: [file])) }
    for (store, file) in zip(stores, files).dropFirst() {
      if let extra = store.names.first(where: { stores[0][$0] == nil }) {
        throw .rankLacksTensor(extra, file: files[0], other: file)
      }
    }
    return stores
  }

  private func sameTensor(
    _ name: String, in stores: [TensorStore]
  ) throws(GraftError) -> [any TensorSource] {
    var parts: [any TensorSource] = []
    for (store, file) in zip(stores, files) {
      guard let part = store[name] else {
        throw .rankLacksTensor(name, file: file, other: files[0])
      }
      if let first = parts.first, first.spec.dtype != part.spec.dtype {
        throw .ranksUneven(
          part.file, found: "has \(name) as \(part.spec.dtype.rawValue)",
          expected: "as \(first.spec.dtype.rawValue)", of: first.file)
      }
      parts.append(part)
    }
    return parts
  }

  private func place(
    _ table: ExpectedTensor, _ parts: [any TensorSource], _ numbers: [Int],
    in account: inout Reassembly
  ) throws(GraftError) {
    let whole = table.shape
    let shapes = parts.map(\.spec.shape)
    if shapes.allSatisfy({ $0 == whole }) {
      try placeCopies(parts, numbers, table.name, in: &account)
      return
    }
    let axes = whole.indices.filter { axis in
      shapes.allSatisfy { shape in
        shape.count == whole.count
          && whole.indices.allSatisfy { $0 == axis || shape[$0] == whole[$0] }
      }
    }
    for axis in axes {
      let extents = shapes.map { $0[axis] }
      if extents.reduce(0, +) == whole[axis] {
        let isOutput = axis == (table.isTransposed ? whole.count - 1 : 0)
        if isOutput, !table.parts.isEmpty, table.parts.allSatisfy({ $0.groupCount == $0.count }) {
          try placeFused(table, parts, numbers, axis: axis, in: &account)
          return
        }
        var start = 0
        for (number, shape) in zip(numbers, shapes) {
          var offsets = whole.map { _ in 0 }
          offsets[axis] = start
          try account.put(number, Box(whole: shape), into: table.name, at: offsets)
          start += shape[axis]
        }
        return
      }
      // Fewer key-value heads than ranks: neighbours have the same ones.
      let ranks = parts.count
      if extents.allSatisfy({ $0 == extents[0] }), extents[0] > 0, whole[axis] % extents[0] == 0,
        ranks % (whole[axis] / extents[0]) == 0
      {
        let copies = ranks / (whole[axis] / extents[0])
        for first in stride(from: 0, to: ranks, by: copies) {
          let group = first..<first + copies
          var offsets = whole.map { _ in 0 }
          offsets[axis] = first / copies * extents[0]
          try placeCopies(
            Array(parts[group]), Array(numbers[group]), at: offsets, table.name, in: &account)
        }
        return
      }
    }
    throw .noParallelRule(
      table.name, found: shapes[0], ranks: parts.count, expected: whole, file: parts[0].file)
  }

  /// Each rank has its share of each part, one after the other.
  private func placeFused(
    _ table: ExpectedTensor, _ parts: [any TensorSource], _ numbers: [Int], axis: Int,
    in account: inout Reassembly
  ) throws(GraftError) {
    let ranks = parts.count
    guard table.parts.allSatisfy({ $0.count % ranks == 0 }) else {
      throw .noParallelRule(
        table.name, found: parts[0].spec.shape, ranks: ranks, expected: table.shape,
        file: parts[0].file)
    }
    for (rank, number) in numbers.enumerated() {
      var own = 0
      var start = 0
      for part in table.parts {
        let share = part.count / ranks
        var offsets = table.shape.map { _ in 0 }
        offsets[axis] = start + rank * share
        let box = Box(own..<own + share, axis: axis, of: parts[rank].spec.shape)
        try account.put(number, box, into: table.name, at: offsets)
        own += share
        start += part.count
      }
    }
  }

  private func placeCopies(
    _ copies: [any TensorSource], _ numbers: [Int], at offsets: [Int]? = nil,
    _ name: String, in account: inout Reassembly
  ) throws(GraftError) {
    for (copy, number) in zip(copies, numbers).dropFirst() {
      guard try haveEqualBytes(copies[0], copy) else {
        throw .copiesDiffer(name, copies[0].file, copy.file)
      }
      account.drop(number, because: "a copy of the first rank's")
    }
    let shape = copies[0].spec.shape
    try account.put(
      numbers[0], Box(whole: shape), into: name, at: offsets ?? shape.map { _ in 0 })
  }
}
