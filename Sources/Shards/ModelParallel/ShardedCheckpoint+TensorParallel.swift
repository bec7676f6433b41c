import Checkpoint
import Diagnostics
import TensorCore

extension ShardedCheckpoint {
  /// Puts each tensor-parallel rank of a DeepSpeed checkpoint together for itself, then joins them.
  static func joined(
    _ layout: ShardedLayout, _ weights: Weights, _ files: ZeroFiles, config: ModelConfig?
  ) throws(GraftError) -> ShardedCheckpoint {
    let numbers = files.modelRanks
    var ranks: [ShardedCheckpoint] = []
    for number in numbers {
      let reader = try ZeroReader(layout, weights, files.only(modelRank: number))
      let size = max(reader.model.modelWorldSize ?? 0, numbers.count)
      if let missing = (0..<min(size, 4096)).first(where: { !numbers.contains($0) }) {
        throw .rankMissing(
          "\(layout.directory)/mp_rank_\(MegatronRanks.padded(missing, 2))_model_states.pt",
          ranks: size, what: "model-parallel")
      }
      ranks.append(try reader.checkpoint())
    }
    return try ShardedCheckpoint(joining: ranks, config: config)
  }

  /// Joins the tensor-parallel ranks of one checkpoint, each put together for itself.
  ///
  /// - Parameters:
  ///   - ranks: what each rank holds, in order.
  ///   - config: the model's configuration, which says what is cut by rows and what by columns.
  init(joining ranks: [ShardedCheckpoint], config: ModelConfig?) throws(GraftError) {
    guard let first = ranks.first else { preconditionFailure("no ranks") }
    guard let config else {
      throw .parallelNeedsConfig(first.layout.directory, ranks: ranks.count)
    }
    for rank in ranks.dropFirst() where rank.step != first.step {
      throw .ranksUneven(
        rank.files.first ?? "", found: "is of step \(rank.step.map(String.init) ?? "(none)")",
        expected: "is of \(first.step.map(String.init) ?? "(none)")",
        of: first.files.first ?? "")
    }
    let sources = ranks.map { $0.parameters.map(\.source) }
    let files = ranks.map { $0.files.first ?? first.layout.directory }
    let names = sources[0].map(\.spec.name)
    let weights: [ChunkedSource]
    let dropped: [Reassembly.Dropped]
    if names.contains(where: { $0.hasSuffix("word_embeddings.weight") }) {
      var assembly = try MegatronAssembly(config, place: first.layout.directory)
      var stores: [TensorStore] = []
      for (rank, file) in zip(sources, files) {
        stores.append(try TensorStore(rank, files: [file]))
      }
      _ = try assembly.place(stores, files: files, firstLayer: 0)
      (weights, dropped, _) = try assembly.finish()
    } else {
      let join = TensorParallelJoin(ranks: sources, files: files, config: config)
      let labels = sources[0].first { $0.spec.name == "score.weight" }?.spec.shape.first
      (weights, dropped) = try join.joined(
        role: labels.map { .sequenceClassifier(labels: $0) } ?? .causal)
    }
    self.init(
      layout: first.layout, format: "\(first.format), \(ranks.count) tensor-parallel ranks",
      parameters: weights.map { Parameter($0, .unknown) },
      accounts: ranks.flatMap(\.accounts), files: ranks.flatMap(\.files))
    step = first.step
    worldSize = ranks.reduce(0) { $0 + ($1.worldSize ?? 1) }
    findings = ranks.flatMap(\.findings) + Reassembly.findings(dropped, in: layout.directory)
  }
}
