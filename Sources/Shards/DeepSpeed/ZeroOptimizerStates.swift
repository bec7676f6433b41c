import Checkpoint
import Diagnostics
import TorchArchive

/// One `*_optim_states.pt`: a process's share of the float32 weights, as flat vectors.
struct ZeroOptimizerStates {
  let path: String
  let rank: Int
  /// 1, 2 or 3; nil where the file does not say, as BF16_Optimizer's.
  let stage: Int?
  /// Among how many processes each group is divided; one number may stand for all groups.
  let partitionCounts: [Int]
  /// The flat vectors, one for each group, or for each part of the groups at stage 3.
  let groups: [TorchSource]
  /// How many meaningless elements follow each parameter of a group.
  let alignment: [[Int]]?
  /// Where each parameter lies in this rank's part of each group, by name.
  let slices: [[String: Range<Int>]]
  /// The optimiser's own count of steps, where it is one number.
  let step: Int?
  let version: String?
  /// Whether groups are divided among other processes than all; see ``GraftError``.
  let hasPartitionGroups: Bool

  init(_ entry: ZeroFiles.Entry) throws(GraftError) {
    path = entry.path
    rank = entry.dataRank ?? 0
    let archive = try TorchFile(entry.path)
    guard let state = archive.root["optimizer_state_dict"], state.isDictionary else {
      throw .shardLacks("optimizer_state_dict", file: entry.path)
    }
    version = archive.root["ds_version"]?.string
    let stage = state["zero_stage"].flatMap { $0.int ?? $0.arguments?.first?.int }
    self.stage = stage
    let key = stage == 3 ? "fp32_flat_groups" : "single_partition_of_fp32_groups"
    guard let vectors = state[key] else { throw .shardLacks(key, file: entry.path) }
    var groups: [TorchSource] = []
    for (number, vector) in (vectors.elements ?? [vectors]).enumerated() {
      guard let tensor = vector.tensor else { throw .shardLacks(key, file: entry.path) }
      guard tensor.shape.count == 1 else {
        throw .groupNotFlat(key, number, shape: tensor.shape, file: entry.path)
      }
      groups.append(try TorchSource(tensor, named: "\(key).\(number)", in: archive))
    }
    self.groups = groups
    let count = state["partition_count"]
    partitionCounts = count?.int.map { [$0] } ?? count?.ints ?? []
    let paddings = state["param_alignment_paddings"]?.elements
    alignment = paddings?.map { $0.ints ?? [] }
    slices = (state["param_slice_mappings"]?.elements ?? []).map(Self.slices)
    let moments = state["base_optimizer_state"] ?? state["optimizer_state_dict"]
    step = try Self.step(moments, archive)
    hasPartitionGroups = state["ds_zero_partition_groups"].map { !$0.isNone } ?? false
  }

  private static func slices(_ group: PickleValue) -> [String: Range<Int>] {
    var out: [String: Range<Int>] = [:]
    for (name, address) in group.entries ?? [] {
      guard let name = name.string, let start = address.attribute("start")?.int,
        let count = address.attribute("numel")?.int, start >= 0, count >= 0,
        case let (end, overflow) = start.addingReportingOverflow(count), !overflow
      else { continue }
      out[name] = start..<end
    }
    return out
  }

  /// The number of steps that the first parameter's moments have seen.
  private static func step(
    _ moments: PickleValue?, _ archive: TorchFile
  ) throws(GraftError) -> Int? {
    guard let first = moments?["state"]?.entries?.first?.value else {
      return moments?["param_groups"]?.elements?.first?["step"]?.int
    }
    guard let step = first["step"] else { return nil }
    if let number = step.int { return number }
    guard let tensor = step.tensor, tensor.shape.allSatisfy({ $0 == 1 }),
      let source = try? TorchSource(tensor, named: "step", in: archive),
      let value = try? source.floats().first, value.isFinite, value >= 0, value < 1e9
    else { return nil }
    return Int(value)
  }
}
