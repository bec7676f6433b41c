import Checkpoint
import Diagnostics
import TensorCore

/// Stage 3: every parameter is cut into equal shares, one for each rank; a rank's shares lie end to
/// end in its vectors, whatever the groups' borders.
extension ZeroReader {
  func addInterleaved(to build: inout ZeroBuild) throws(GraftError) {
    let parameters = Array(model.shapes.joined())
    let ranks = optimizers.count
    build.files = optimizers.map(\.path)
    let sizes = optimizers[0].groups.map(\.spec.elementCount)
    var offset = 0
    for parameter in parameters { offset += Self.share(of: parameter.count, ranks) }
    for member in optimizers {
      let own = member.groups.map(\.spec.elementCount)
      guard own == sizes else {
        throw .factsDisagree(
          "the size of the groups", "\(own)", "\(sizes)", member.path, optimizers[0].path)
      }
      guard own.reduce(0, +) == offset else {
        throw .elementsDisagree(
          stored: own.reduce(0, +), expected: offset, parameters: parameters.count,
          file: member.path, model: model.path)
      }
    }
    var vectors = optimizers.map { FlatVector($0.groups) }
    // What the shapes ask of each rank's groups, counted apart from what is taken.
    var expected = [[Int]](repeating: [Int](repeating: 0, count: sizes.count), count: ranks)
    var start = 0
    for parameter in parameters {
      let share = Self.share(of: parameter.count, ranks)
      var pieces: [PiecewiseSource.Piece] = []
      for rank in 0..<ranks {
        let count = max(0, min(parameter.count - rank * share, share))
        pieces += vectors[rank].take(start..<start + count)
        Self.count(start..<start + count, within: sizes, in: &expected[rank])
      }
      let dtype = optimizers[0].groups.first?.spec.dtype ?? .f32
      build.add(
        try PiecewiseSource(
          pieces, name: parameter.name, dtype: dtype, shape: parameter.shape,
          file: optimizers[0].path), .trained)
      start += share
    }
    let padding = try paddings(parameters, sizes)
    for (rank, member) in optimizers.enumerated() {
      for (group, size) in sizes.enumerated() {
        build.accounts.append(
          ShardAccount(
            file: member.path, rank: member.rank, part: "group \(group)",
            expected: expected[rank][group], read: vectors[rank].taken[group],
            padding: padding[rank][group], stored: size))
      }
    }
  }

  /// The elements that fill up the last shares, for each rank and group.
  private func paddings(
    _ parameters: [ZeroParameter], _ sizes: [Int]
  ) throws(GraftError) -> [[Int]] {
    let ranks = optimizers.count
    var out = [[Int]](repeating: [Int](repeating: 0, count: sizes.count), count: ranks)
    var start = 0
    for parameter in parameters {
      let share = Self.share(of: parameter.count, ranks)
      for rank in 0..<ranks {
        let count = max(0, min(parameter.count - rank * share, share))
        Self.count(start + count..<start + share, within: sizes, in: &out[rank])
      }
      start += share
    }
    return out
  }

  /// Adds the elements of a range to the groups that they lie in.
  private static func count(_ range: Range<Int>, within sizes: [Int], in counts: inout [Int]) {
    guard !range.isEmpty else { return }
    var start = 0
    for (group, size) in sizes.enumerated() {
      counts[group] += range.clamped(to: start..<start + size).count
      start += size
      if start >= range.upperBound { return }
    }
  }

  private static func share(of count: Int, _ ranks: Int) -> Int { (count + ranks - 1) / ranks }

  /// The parameters that the optimiser does not see: shares in every rank's model file.
  func addFragments(to build: inout ZeroBuild) throws(GraftError) {
    let ranks = models.count
    var expected = [Int](repeating: 0, count: ranks)
    var stored = expected
    var padding = expected
    for parameter in model.frozen ?? [] {
      let share = Self.share(of: parameter.count, ranks)
      var pieces: [PiecewiseSource.Piece] = []
      var dtype: DType?
      for (rank, states) in models.enumerated() {
        guard let tensor = states.fragments[parameter.name] else {
          throw .fragmentMissing(parameter.name, file: states.path)
        }
        let source = try states.source(tensor, "frozen_param_fragments.\(parameter.name)")
        let count = max(0, min(parameter.count - rank * share, share))
        guard source.spec.elementCount >= count, source.spec.elementCount <= max(share, 1) else {
          throw .fragmentSize(
            parameter.name, stored: source.spec.elementCount, expected: share, file: states.path)
        }
        dtype = dtype ?? source.spec.dtype
        pieces.append(.init(source, elements: 0..<count))
        expected[rank] += count
        stored[rank] += source.spec.elementCount
        padding[rank] += source.spec.elementCount - count
      }
      build.add(
        try PiecewiseSource(
          pieces, name: parameter.name, dtype: dtype ?? .f32, shape: parameter.shape,
          file: model.path), .frozen)
    }
    guard model.frozen?.isEmpty == false else { return }
    for (rank, states) in models.enumerated() {
      build.accounts.append(
        ShardAccount(
          file: states.path, rank: states.rank, part: "frozen parameters",
          expected: expected[rank], read: stored[rank] - padding[rank], padding: padding[rank],
          stored: stored[rank]))
    }
  }
}
