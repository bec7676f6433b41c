import Checkpoint
import Diagnostics
import FileIO
import StrictJSON
import TensorCore
import TorchArchive

extension ShardedCheckpoint {
  /// Opens a Megatron checkpoint of one file per model-parallel rank.
  ///
  /// - Parameter config: the model's configuration; nil makes it from the checkpoint's settings.
  init(megatron layout: ShardedLayout, config given: ModelConfig?) throws(GraftError) {
    let ranks = try MegatronRanks(layout.directory)
    let settings = MegatronConfig(ranks.arguments, file: ranks.firstFile)
    let config = try Self.config(given, settings, file: ranks.firstFile)
    var assembly = try MegatronAssembly(config, place: ranks.firstFile)
    // Stages take turns where each holds several parts: all first parts come before all second.
    var parts: [[[[any TensorSource]]]] = []
    for stage in ranks.stages {
      var own: [[[any TensorSource]]] = []
      for rank in stage { own.append(try rank.parts()) }
      parts.append(own)
    }
    let turns = parts.first?.first?.count ?? 0
    var firstLayer = 0
    for turn in 0..<turns {
      for (stage, own) in parts.enumerated() {
        var stores: [TensorStore] = []
        for (rank, inTurns) in zip(ranks.stages[stage], own) {
          guard inTurns.count == turns else {
            throw .ranksUneven(
              rank.file, found: "holds \(inTurns.count) parts of the model",
              expected: "holds \(turns)", of: ranks.firstFile)
          }
          stores.append(try TensorStore(inTurns[turn], files: [rank.file]))
        }
        firstLayer += try assembly.place(
          stores, files: ranks.stages[stage].map(\.file), firstLayer: firstLayer)
      }
    }
    let (weights, dropped, accounts) = try assembly.finish()
    self.init(
      layout: layout, format: "Megatron, \(ranks.files.count) model-parallel ranks",
      parameters: weights.map { Parameter($0, .unknown) }, accounts: accounts, files: ranks.files)
    step = ranks.iteration
    worldSize = ranks.files.count
    findings = Reassembly.findings(dropped, in: layout.directory)
    if given == nil { configuration = config.json }
  }

  /// Puts a Megatron model that torch.distributed.checkpoint saved under Hugging Face's names; nil
  /// where the names are not Megatron's.
  static func megatron(
    _ weights: [ChunkedSource], in directory: String, config given: ModelConfig?
  ) throws(GraftError) -> (weights: [ChunkedSource], config: JSONObject?, findings: [Finding])? {
    let isMegatron = weights.contains { $0.spec.name.hasSuffix("embedding.word_embeddings.weight") }
    guard isMegatron else { return nil }
    let common = "\(directory)/common.pt"
    let arguments = fileExists(common) ? try TorchFile(common).root["args"] : nil
    let settings = MegatronConfig(arguments, file: common)
    let config = try config(given, settings, file: directory)
    var assembly = try MegatronAssembly(config, place: directory)
    for weight in weights { try assembly.place(whole: weight, file: directory) }
    let (found, dropped, _) = try assembly.finish()
    return (found, given == nil ? config.json : nil, Reassembly.findings(dropped, in: directory))
  }

  private static func config(
    _ given: ModelConfig?, _ settings: MegatronConfig?, file: String
  ) throws(GraftError) -> ModelConfig {
    if let given {
      try settings?.checkKind()
      return given
    }
    guard let settings else { throw .megatronLacks("what its shapes are", file: file) }
    return ModelConfig(try settings.members(), file: file)
  }
}

extension MegatronAssembly {
  /// Places the tensors of one stage, which all of its ranks have; returns how many layers it has.
  mutating func place(
    _ stores: [TensorStore], files: [String], firstLayer: Int
  ) throws(GraftError) -> Int {
    guard let first = stores.first else { return 0 }
    var layers = 0
    // The embedding first: a tied output matrix is held against it.
    let names =
      first.names.filter { $0.contains("embedding") }
      + first.names.filter { !$0.contains("embedding") }
    for name in names {
      var slots: [Slot] = []
      for (store, file) in zip(stores, files) {
        guard let source = store[name] else {
          throw .rankLacksTensor(name, file: file, other: files[0])
        }
        slots.append(slot(source))
      }
      var own = 0
      let rule = MegatronTensor(name) { number in
        own = number &+ 1
        return firstLayer &+ number
      }
      guard let rule else { throw .partWithoutPlace(slots[0].source.spec, file: files[0]) }
      layers = max(layers, own)
      try place(rule, slots)
    }
    for (store, file) in zip(stores, files).dropFirst() {
      if let extra = store.names.first(where: { first[$0] == nil }) {
        throw .rankLacksTensor(extra, file: files[0], other: file)
      }
    }
    return layers
  }

  /// Places a tensor that is whole, or a stack of those of all layers.
  mutating func place(whole source: ChunkedSource, file: String) throws(GraftError) {
    let name = source.spec.name
    if let rule = MegatronTensor(name, layer: { $0 }) {
      try place(rule, [slot(source)])
      return
    }
    for block in ["decoder.layers.", "encoder.layers."] {
      let parts = name.split(separator: block, maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, MegatronTensor("\(block)0.\(parts[1])", layer: { $0 }) != nil else {
        continue
      }
      for (number, slot) in slots(stack: source).enumerated() {
        if let rule = MegatronTensor("\(block)\(number).\(parts[1])", layer: { $0 }) {
          try place(rule, [slot])
        }
      }
      return
    }
    throw .partWithoutPlace(source.spec, file: file)
  }
}
