import Checkpoint
import Diagnostics
import StrictJSON
import TensorCore

/// Tensors of a Megatron model put together under Hugging Face's names.
///
/// Source: Megatron-LM `tools/checkpoint/loader_base.py`; the order of queries, keys and values in
/// `core/transformer/attention.py`.
struct MegatronAssembly {
  /// A tensor of one rank, or one layer of a stack of them.
  struct Slot {
    var part: Int
    /// The layer's number in a stack, or none.
    var lead: [Int]
    /// The shape without the stack's axis.
    var shape: [Int]
    var source: any TensorSource
  }

  private let family: Architecture
  private let config: ModelConfig
  private let shapes: [String: [Int]]
  private let heads: Int
  private let groups: Int
  private let width: Int
  private var account: Reassembly
  private var embedding: [Slot] = []

  private static let families: [Architecture] = [.llama, .mistral, .qwen2, .qwen3]

  /// Prepares for a model of this configuration.
  ///
  /// - Throws: ``GraftError`` for a family that has no such table.
  init(_ config: ModelConfig, place: String) throws(GraftError) {
    guard let family = config.family, !config.isNested,
      Self.families.contains(where: { $0.modelType == family.modelType })
    else { throw .parallelUnknownFamily(config.modelType ?? "(none)", file: config.file) }
    self.family = family
    self.config = config
    let expected = try family.expectedTensors(config, role: .causal)
    shapes = Dictionary(expected.map { ($0.name, $0.shape) }) { first, _ in first }
    heads = try config.headCount
    groups = try config.keyValueHeadCount
    width = try config.headDimension
    account = Reassembly(shapes: shapes, place: place)
  }

  /// Adds a tensor as one rank has it.
  mutating func slot(_ source: any TensorSource) -> Slot {
    Slot(part: account.add(source), lead: [], shape: source.spec.shape, source: source)
  }

  /// Adds a stack of the tensors of all layers.
  mutating func slots(stack source: any TensorSource) -> [Slot] {
    let part = account.add(source)
    return (0..<(source.spec.shape.first ?? 0)).map {
      Slot(part: part, lead: [$0], shape: Array(source.spec.shape.dropFirst()), source: source)
    }
  }

  /// Puts the parts of one tensor, in the order of their ranks, where its rule says.
  mutating func place(_ rule: MegatronTensor, _ slots: [Slot]) throws(GraftError) {
    switch rule {
    case .dropped(let reason):
      for slot in slots { account.drop(slot.part, because: reason) }
    case .copied(let name):
      for slot in slots.dropFirst() {
        guard try haveEqualBytes(slots[0].source, slot.source) else {
          throw .copiesDiffer(slot.source.spec.name, slots[0].source.file, slot.source.file)
        }
        account.drop(slot.part, because: "a copy of the first rank's")
      }
      try put(slots[0], 0..<(slots[0].shape.first ?? 1), axis: 0, into: name, at: 0)
    case .rows(let name): try concatenate(slots, axis: 0, into: name)
    case .columns(let name): try concatenate(slots, axis: 1, into: name)
    case .vocabulary(let name): try placeVocabulary(slots, name)
    case .gated(let prefix, let suffix):
      var start = 0
      for slot in slots {
        let half = (slot.shape.first ?? 0) / 2
        try put(slot, 0..<half, axis: 0, into: "\(prefix)gate_proj.\(suffix)", at: start)
        try put(slot, half..<2 * half, axis: 0, into: "\(prefix)up_proj.\(suffix)", at: start)
        start += half
      }
    case .attention(let prefix, let suffix):
      let queries = heads / groups * width
      for group in 0..<groups {
        var start = group * (queries + 2 * width)
        for (name, count) in [("q_proj", queries), ("k_proj", width), ("v_proj", width)] {
          try putRows(
            slots, start..<start + count, into: "\(prefix)\(name).\(suffix)", at: group * count)
          start += count
        }
      }
    }
  }

  /// The whole tensors, what was left out, and the elements of each file.
  func finish() throws(GraftError) -> (
    weights: [ChunkedSource], dropped: [Reassembly.Dropped], accounts: [ShardAccount]
  ) {
    (try account.finish(), account.dropped, account.accounts)
  }

  // MARK: Placing

  private mutating func concatenate(
    _ slots: [Slot], axis: Int, into name: String
  ) throws(GraftError) {
    var start = 0
    for slot in slots {
      guard axis < slot.shape.count else { throw mismatch(name, slots) }
      try put(slot, 0..<slot.shape[axis], axis: axis, into: name, at: start)
      start += slot.shape[axis]
    }
  }

  /// Embedding and output matrix have rows of padding; a tied output matrix is a copy.
  private mutating func placeVocabulary(_ slots: [Slot], _ name: String) throws(GraftError) {
    if name == family.outputName, try config.tiesEmbeddings {
      guard slots.count == embedding.count else { throw mismatch(name, slots) }
      for (slot, first) in zip(slots, embedding) {
        guard try haveEqualBytes(slot.source, first.source) else {
          throw .copiesDiffer(slot.source.spec.name, first.source.file, slot.source.file)
        }
        account.drop(slot.part, because: "a copy of the embedding")
      }
      return
    }
    if name == family.embeddingName { embedding = slots }
    let size = try config.vocabularySize
    let rows = slots.reduce(0) { $0 + ($1.shape.first ?? 0) }
    guard rows >= size else { throw mismatch(name, slots) }
    try putRows(slots, 0..<size, into: name, at: 0)
    var start = 0
    for slot in slots {
      let count = slot.shape.first ?? 0
      let padding = max(0, min(count, size - start))..<count
      if !padding.isEmpty {
        account.drop(
          slot.part, Box(padding, axis: 0, of: slot.shape), because: "padding of the vocabulary")
      }
      start += count
    }
  }

  /// Puts rows, counted through all ranks.
  private mutating func putRows(
    _ slots: [Slot], _ rows: Range<Int>, into name: String, at target: Int
  ) throws(GraftError) {
    var start = 0
    for slot in slots {
      let own = start..<start + (slot.shape.first ?? 0)
      let part = rows.clamped(to: own)
      if !part.isEmpty {
        try put(
          slot, part.lowerBound - start..<part.upperBound - start, axis: 0, into: name,
          at: target + part.lowerBound - rows.lowerBound)
      }
      start = own.upperBound
    }
  }

  private mutating func put(
    _ slot: Slot, _ range: Range<Int>, axis: Int, into name: String, at target: Int
  ) throws(GraftError) {
    guard let whole = shapes[name] else {
      throw .partWithoutPlace(slot.source.spec, file: slot.source.file)
    }
    guard whole.count == slot.shape.count else { throw mismatch(name, [slot]) }
    var box = Box(range, axis: axis, of: slot.shape)
    box.offsets = slot.lead + box.offsets
    box.sizes = slot.lead.map { _ in 1 } + box.sizes
    var offsets = whole.map { _ in 0 }
    offsets[axis] = target
    try account.put(
      slot.part, box, dropping: slot.lead.count, into: name, at: offsets)
  }

  private func mismatch(_ name: String, _ slots: [Slot]) -> GraftError {
    .noParallelRule(
      slots.first?.source.spec.name ?? name, found: slots.first?.shape ?? [], ranks: slots.count,
      expected: shapes[name] ?? [], file: slots.first?.source.file ?? config.file)
  }
}
