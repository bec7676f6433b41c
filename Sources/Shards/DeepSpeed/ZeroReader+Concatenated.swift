import Checkpoint
import Diagnostics
import TensorCore

/// Stages 1 and 2: all parameters of a group lie end to end in one vector, which is cut into equal
/// parts, one for each rank.
extension ZeroReader {
  /// The vector's length is a multiple of this times the number of ranks; padding fills it up.
  private static let alignmentFactor = 2

  func addConcatenated(to build: inout ZeroBuild) throws(GraftError) {
    let first = optimizers[0]
    guard first.groups.count == model.shapes.count else {
      throw .factsDisagree(
        "the number of groups", "\(first.groups.count)", "\(model.shapes.count)", first.path,
        model.path)
    }
    build.files = optimizers.map(\.path)
    for (group, parameters) in model.shapes.enumerated() {
      let count =
        first.partitionCounts.count > 1 && group < first.partitionCounts.count
        ? first.partitionCounts[group] : optimizers.count
      guard count > 0, count <= optimizers.count, optimizers.count % count == 0 else {
        throw .groupDivision(group, count: count, of: optimizers.count, file: first.path)
      }
      // Groups of experts: every so many ranks hold the same ones.
      let sets = optimizers.count / count
      for set in 0..<sets {
        let members = optimizers.filter { $0.rank % sets == set }
        let own = sets == 1 ? parameters : try expertNames(parameters, set: set, of: sets)
        try add(own, stored: parameters, group: group, members: members, to: &build)
      }
    }
  }

  /// Takes the parameters of one group out of the parts that `members` hold.
  private func add(
    _ parameters: [ZeroParameter], stored: [ZeroParameter], group: Int,
    members: [ZeroOptimizerStates], to build: inout ZeroBuild
  ) throws(GraftError) {
    var vector = FlatVector(members.map { $0.groups[group] })
    let gaps = try gaps(parameters.count, group: group, members[0])
    var total = 0
    var places: [Range<Int>] = []
    for (index, parameter) in parameters.enumerated() {
      places.append(total..<total + parameter.count)
      total += parameter.count + gaps[index]
    }
    let share = try share(of: total, group: group, members)
    for (index, parameter) in parameters.enumerated() {
      let pieces = vector.take(places[index])
      build.add(
        try PiecewiseSource(
          pieces, name: parameter.name, dtype: members[0].groups[group].spec.dtype,
          shape: parameter.shape, file: members[0].path), .trained)
    }
    for (index, member) in members.enumerated() {
      let own = index * share..<(index + 1) * share
      let expected = places.reduce(0) { $0 + $1.clamped(to: own).count }
      let there = member.groups[group].spec.elementCount
      build.accounts.append(
        ShardAccount(
          file: member.path, rank: member.rank, part: "group \(group)", expected: expected,
          read: vector.taken[index], padding: there - vector.taken[index], stored: there))
      try checkSlices(member, group, stored, places, own)
    }
  }

  /// The elements between parameters.
  private func gaps(
    _ count: Int, group: Int, _ states: ZeroOptimizerStates
  ) throws(GraftError) -> [Int] {
    guard let alignment = states.alignment else { return [Int](repeating: 0, count: count) }
    guard group < alignment.count, alignment[group].count == count,
      alignment[group].allSatisfy({ (0...(1 << 40)).contains($0) })
    else { throw .shardLacks("param_alignment_paddings of group \(group)", file: states.path) }
    return alignment[group]
  }

  /// The size of every rank's part; the last may lack its padding.
  private func share(
    of total: Int, group: Int, _ members: [ZeroOptimizerStates]
  ) throws(GraftError) -> Int {
    let ranks = members.count
    let unit = ranks * Self.alignmentFactor
    let smallest = (total + ranks - 1) / ranks
    let largest = (total + unit - 1) / unit * Self.alignmentFactor
    let share = ranks == 1 ? largest : members[0].groups[group].spec.elementCount
    for (index, member) in members.enumerated() {
      let stored = member.groups[group].spec.elementCount
      let needed = max(0, min(total - index * share, share))
      let isLast = index == ranks - 1
      guard (smallest...largest).contains(share),
        isLast ? (needed...share).contains(stored) : stored == share
      else {
        throw .shareSize(
          group, rank: member.rank, stored: stored, total: total, ranks: ranks, file: member.path)
      }
    }
    return share
  }

  /// Holds the ranges that the optimiser itself noted against those that the shapes give.
  private func checkSlices(
    _ member: ZeroOptimizerStates, _ group: Int, _ parameters: [ZeroParameter],
    _ places: [Range<Int>], _ own: Range<Int>
  ) throws(GraftError) {
    guard group < member.slices.count, !member.slices[group].isEmpty else { return }
    var noted = member.slices[group]
    for (parameter, place) in zip(parameters, places) {
      guard let slice = noted.removeValue(forKey: parameter.name) else { continue }
      // The notes of shuffled parameters are of their order before.
      guard !model.isRoundRobin else { continue }
      let part = place.clamped(to: own)
      guard slice.count == part.count,
        part.isEmpty || slice.lowerBound == part.lowerBound - own.lowerBound
      else {
        throw .sliceDisagrees(
          parameter.name, noted: slice, computed: part.lowerBound - own.lowerBound,
          count: part.count, file: member.path)
      }
    }
    if let name = noted.keys.sorted().first {
      throw .sliceOfStranger(name, file: member.path, model: model.path)
    }
  }
}
