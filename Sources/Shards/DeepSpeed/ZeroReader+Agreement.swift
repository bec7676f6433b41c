import Diagnostics
import FileIO

extension ZeroReader {
  /// Checks that the files are complete, and of one run and one step.
  ///
  /// - Returns: what is worth knowing beside.
  func agreement() throws(GraftError) -> [Finding] {
    try checkModels()
    try checkOptimizers()
    var findings: [Finding] = []
    let name = splitPath(layout.directory).name
    if let step = model.step, name.hasPrefix("global_step"),
      let number = ShardedLayout.stepNumber(name), number != step
    {
      findings.append(.warning(.directoryOfOtherStep(layout.directory, step: step)))
    }
    return findings
  }

  private func checkModels() throws(GraftError) {
    if let size = model.modelWorldSize, size > 1, !files.isOneModelRank {
      throw .rankMissing(
        "\(layout.directory)/mp_rank_01_model_states.pt", ranks: size, what: "model-parallel")
    }
    for other in models.dropFirst() {
      try agree("global_steps", other.step, model.step, other.path, model.path)
      try agree("dp_world_size", other.worldSize, model.worldSize, other.path, model.path)
      guard other.shapes == model.shapes, (other.frozen ?? []) == (model.frozen ?? []) else {
        throw .parametersDisagree(other.path, model.path)
      }
    }
    let isDivided = files.models.contains { $0.dataRank != nil }
    if isDivided, let size = model.worldSize {
      try checkRanks(files.models, size: size)
    }
  }

  private func checkOptimizers() throws(GraftError) {
    guard let first = optimizers.first else {
      if layout.kind == .deepSpeed, let stage = model.configuredStage, stage > 0,
        weights == .master || stage == 3
      {
        throw .optimizerStatesMissing(layout.directory, stage: stage)
      }
      return
    }
    for other in optimizers.dropFirst() {
      guard other.stage == first.stage else {
        throw .factsDisagree(
          "zero_stage", "\(other.stage ?? 0)", "\(first.stage ?? 0)", other.path, first.path)
      }
      guard other.partitionCounts == first.partitionCounts else {
        throw .factsDisagree(
          "partition_count", "\(other.partitionCounts)", "\(first.partitionCounts)", other.path,
          first.path)
      }
      guard other.groups.count == first.groups.count else {
        throw .factsDisagree(
          "the number of groups", "\(other.groups.count)", "\(first.groups.count)", other.path,
          first.path)
      }
      try agree("the optimiser's step", other.step, first.step, other.path, first.path)
    }
    let size = first.partitionCounts.max() ?? model.worldSize ?? optimizers.count
    try checkRanks(files.optimizers, size: size)
    if let worldSize = model.worldSize, worldSize != size, first.stage != nil {
      throw .factsDisagree("the number of ranks", "\(worldSize)", "\(size)", model.path, first.path)
    }
    guard !first.hasPartitionGroups else { throw .partitionGroups(first.path) }
  }

  private func agree(
    _ what: String, _ found: Int?, _ expected: Int?, _ file: String, _ other: String
  ) throws(GraftError) {
    guard let found, let expected, found != expected else { return }
    throw .factsDisagree(what, "\(found)", "\(expected)", file, other)
  }

  /// Every rank must have its file, and no other be there.
  private func checkRanks(_ entries: [ZeroFiles.Entry], size: Int) throws(GraftError) {
    guard let pattern = entries.first else { return }
    let ranks = Set(entries.map { $0.dataRank ?? 0 })
    guard size >= 1, size <= 1 << 20 else {
      throw .shardLacks("partition_count", file: pattern.path)
    }
    let missing = (0..<size).filter { !ranks.contains($0) }
    if !missing.isEmpty {
      let names = missing.map { rank in
        splitPath(pattern.path).name.replacingRank(pattern.dataRank ?? 0, with: rank)
      }
      throw .ranksMissing(names, of: size, directory: layout.directory)
    }
    if let extra = entries.first(where: { $0.dataRank ?? 0 >= size }) {
      throw .rankBeyondWorld(extra.path, rank: extra.dataRank ?? 0, size: size)
    }
  }
}

extension String {
  /// The name of another rank's file.
  fileprivate func replacingRank(_ rank: Int, with other: Int) -> String {
    let mark = "zero_pp_rank_"
    guard hasPrefix(mark) || hasPrefix("bf16_") || hasPrefix("fp16_") else { return self }
    let front = hasPrefix(mark) ? mark : String(prefix(5)) + mark
    let rest = dropFirst(front.count).drop { $0.isNumber }
    return front + "\(other)" + rest
  }
}
