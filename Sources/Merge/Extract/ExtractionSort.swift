import Checkpoint
import Diagnostics
import TensorCore

/// Sorts the tensors of two checkpoints into what an adapter can hold and what it cannot.
struct ExtractionSort {
  /// Matrices that differ, in the base's order.
  var matrices: [Extraction.Pair] = []
  /// Tensors that go into the adapter whole.
  var whole: [any TensorSource] = []
  /// Differences that no adapter of this kind can hold.
  var losses: [Extraction.Loss] = []
  /// Tensors that are equal, or that another one stands for, with the reason.
  var settled: [(source: any TensorSource, reason: String)] = []
  /// Whether some bias differs, so that all are saved.
  var hasBias = false
  /// Whether the embedding is saved for the output matrix too, which is tied to it.
  var ensuresTying = false

  private let base: ModelDirectory
  private let finetuned: ModelDirectory

  init(base: ModelDirectory, finetuned: ModelDirectory) throws(GraftError) {
    self.base = base
    self.finetuned = finetuned
    var differing: [Extraction.Pair] = []
    var matched: Set<String> = []
    for before in base.store.inFileOrder {
      guard let after = counterpart(of: before.spec.name) else {
        try settleMissing(before)
        continue
      }
      matched.insert(after.spec.name)
      if try Self.areEqual(before, after) {
        settled.append((before, "equal in both"))
        settled.append((after, "equal in both"))
      } else {
        differing.append(Extraction.Pair(before: before, after: after))
      }
    }
    for after in finetuned.store.inFileOrder where !matched.contains(after.spec.name) {
      try sortNew(after)
    }
    for pair in differing { try sort(pair) }
    if hasBias { saveAllBiases() }
    completeModules()
  }

  /// PEFT replaces a module as a whole, so what else a saved one holds goes along.
  private mutating func completeModules() {
    let saved = Set(whole.map(\.spec.name))
    let modules = Set(saved.map { TensorParts($0) }.filter { $0.parameter != "bias" }.map(\.module))
    for after in finetuned.store.inFileOrder where !saved.contains(after.spec.name) {
      if modules.contains(TensorParts(after.spec.name).module) { whole.append(after) }
    }
  }

  private func counterpart(of name: String) -> (any TensorSource)? {
    if let same = finetuned.store[name] { return same }
    guard let prefix = (finetuned.architecture ?? base.architecture)?.backbonePrefix,
      !prefix.isEmpty
    else { return nil }
    if name.hasPrefix(prefix) { return finetuned.store[String(name.dropFirst(prefix.count))] }
    return finetuned.store[prefix + name]
  }

  private mutating func sort(_ pair: Extraction.Pair) throws(GraftError) {
    let (before, after) = (pair.before.spec, pair.after.spec)
    let parts = TensorParts(after.name)
    guard before.shape == after.shape else {
      return lose(pair, "has shape \(after.shape), and \(before.shape) in the base")
    }
    guard before.dtype.isFloatingPoint, after.dtype.isFloatingPoint else {
      return lose(pair, "is \(after.dtype.rawValue), and \(before.dtype.rawValue) in the base")
    }
    if parts.parameter == "bias", !isHead(parts.module) {
      hasBias = true
      return
    }
    if isEmbedding(after.name), try base.config.tiesEmbeddings, isCausal {
      guard try finetuned.config.tiesEmbeddings else {
        return lose(pair, "is tied to the output matrix in the base alone")
      }
      ensuresTying = true
    }
    if isEmbedding(after.name) || isOutput(after.name) || isHead(parts.module) {
      whole.append(pair.after)
      settled.append((pair.before, "the adapter holds the fine-tuned model's whole"))
    } else if after.shape.count == 2, parts.parameter == "weight" {
      matrices.append(pair)
    } else if after.shape.count == 1 {
      whole.append(pair.after)
      settled.append((pair.before, "the adapter holds the fine-tuned model's whole"))
    } else {
      lose(pair, "is no matrix of a linear layer (shape \(after.shape))")
    }
  }

  /// A tensor that only the base has.
  private mutating func settleMissing(_ before: any TensorSource) throws(GraftError) {
    let name = before.spec.name
    if base.architecture?.isRecomputedBuffer(name) == true {
      return settled.append((before, "computed again on loading"))
    }
    if isOutput(name) {
      if case .sequenceClassifier = finetuned.savedRole {
        return settled.append((before, "a classification head takes its place"))
      }
      if try finetuned.config.tiesEmbeddings, let embedding = embedding(of: finetuned),
        try Self.areEqual(before, embedding)
      {
        return settled.append((before, "equal to the embedding that it is tied to"))
      }
    }
    if isHead(TensorParts(name).module), finetuned.savedRole == .causal {
      return settled.append((before, "a head that a language model does not have"))
    }
    losses.append(Extraction.Loss(name, "is in the base alone"))
    settled.append((before, "in the base alone"))
  }

  /// A tensor that only the fine-tuned model has.
  private mutating func sortNew(_ after: any TensorSource) throws(GraftError) {
    let name = after.spec.name
    if finetuned.architecture?.isRecomputedBuffer(name) == true {
      return settled.append((after, "computed again on loading"))
    }
    if isHead(TensorParts(name).module) { return whole.append(after) }
    if isOutput(name), try base.config.tiesEmbeddings, let embedding = embedding(of: base),
      try Self.areEqual(after, embedding)
    {
      return settled.append((after, "equal to the embedding that it is tied to"))
    }
    losses.append(Extraction.Loss(name, "is in the fine-tuned model alone"))
    settled.append((after, "in the fine-tuned model alone"))
  }

  /// PEFT saves all biases or none, so with one that differs all are saved.
  private mutating func saveAllBiases() {
    let saved = Set(whole.map(\.spec.name))
    settled.removeAll { TensorParts($0.source.spec.name).parameter == "bias" }
    for after in finetuned.store.inFileOrder {
      let parts = TensorParts(after.spec.name)
      guard parts.parameter == "bias", !isHead(parts.module), !saved.contains(after.spec.name)
      else { continue }
      whole.append(after)
    }
    for before in base.store.inFileOrder where TensorParts(before.spec.name).parameter == "bias" {
      settled.append((before, "the adapter holds the fine-tuned model's whole"))
    }
  }

  private mutating func lose(_ pair: Extraction.Pair, _ reason: String) {
    losses.append(Extraction.Loss(pair.after.spec.name, reason))
    settled.append((pair.before, reason))
    settled.append((pair.after, reason))
  }

  private var isCausal: Bool { finetuned.savedRole == .causal }

  private func embedding(of model: ModelDirectory) -> (any TensorSource)? {
    model.stored(model.names.embeddingName)
  }

  private func isEmbedding(_ name: String) -> Bool {
    if let known = base.architecture?.embeddingName, known == name || known.hasSuffix("." + name) {
      return true
    }
    return TensorParts.embeddings.contains(TensorParts(name).leaf)
  }

  private func isOutput(_ name: String) -> Bool {
    name == base.architecture?.outputName || TensorParts.outputs.contains(TensorParts(name).module)
  }

  private func isHead(_ module: String) -> Bool { TensorParts.heads.contains(module) }

  /// Whether two tensors hold the same numbers, whatever their types.
  static func areEqual(
    _ a: any TensorSource, _ b: any TensorSource
  ) throws(GraftError) -> Bool {
    if a.spec.dtype == b.spec.dtype { return try haveEqualBytes(a, b) }
    guard a.spec.shape == b.spec.shape, a.spec.dtype.isFloatingPoint, b.spec.dtype.isFloatingPoint
    else { return false }
    for rows in rowBlocks(of: a.spec, byteLimit: 4 << 20) {
      guard try a.floats(rows: rows) == b.floats(rows: rows) else { return false }
    }
    return true
  }
}

/// A tensor's name, taken apart.
struct TensorParts {
  /// The module's path.
  var module: String
  /// "weight", "bias".
  var parameter: String

  init(_ name: String) {
    if let dot = name.lastIndex(of: ".") {
      module = String(name[..<dot])
      parameter = String(name[name.index(after: dot)...])
    } else {
      module = ""
      parameter = name
    }
  }

  /// The last component of the module's path, as in "q_proj".
  var leaf: String { module.split(separator: ".").last.map(String.init) ?? module }

  static let embeddings: Set = [
    "embed_tokens", "tok_embeddings", "word_embeddings", "embed_in", "wte", "wpe",
  ]
  static let outputs: Set = ["lm_head", "output", "embed_out"]
  static let heads: Set = [
    "score", "classifier", "v_head", "v_head.summary", "value_head", "reward_head",
    "regression_head", "score_head",
  ]
}
