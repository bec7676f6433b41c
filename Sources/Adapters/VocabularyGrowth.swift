public import Checkpoint
public import Diagnostics
import FileIO
import StrictJSON
import TensorCore

/// A base whose vocabulary is made to fit an adapter that was trained on a resized one.
///
/// An adapter that brings whole embeddings decides the number of rows. Input embedding, output
/// matrix, config.json and tokenizer must agree on it in the end; where they cannot, that is an
/// error that names all four numbers.
public struct VocabularyGrowth: Sendable {
  /// The base, with as many rows as the adapter's embeddings have; unchanged where they agree.
  public private(set) var base: ModelDirectory
  /// The directory whose tokenizer belongs to the result: the adapter's where it has more tokens.
  public private(set) var tokenizer: String
  /// Whether the number of rows changed.
  public private(set) var isResized = false
  /// What a user should know.
  public private(set) var findings: [Finding] = []

  /// Fits a base to several adapters, one after the other.
  ///
  /// - Throws: ``GraftError`` if the sizes cannot be reconciled.
  public init(_ base: ModelDirectory, _ adapters: [Adapter]) throws(GraftError) {
    self.base = base
    tokenizer = base.path
    for adapter in adapters {
      let step = try VocabularyGrowth(self.base, adapter)
      self.base = step.base
      if step.tokenizer != base.path { tokenizer = step.tokenizer }
      isResized = isResized || step.isResized
      findings += step.findings
    }
  }

  /// Fits a base to an adapter; reads headers and tokenizers.
  ///
  /// - Throws: ``GraftError`` if the sizes cannot be reconciled.
  public init(_ base: ModelDirectory, _ adapter: Adapter) throws(GraftError) {
    self.base = base
    tokenizer = base.path
    let newEmbedding = Self.whole(base.names.embeddingName, in: adapter)
    let newOutput = Self.whole(base.names.outputName, in: adapter)
    // An adapter that brings neither embeddings nor a tokenizer leaves the vocabulary alone.
    if newEmbedding == nil, newOutput == nil, !fileExists("\(adapter.path)/tokenizer.json") {
      return
    }
    let own = try VocabularySizes.tokens(in: base.path)
    let theirs = try VocabularySizes.tokens(in: adapter.path)
    let bringsTokens = (theirs ?? 0) > (own ?? 0)
    if bringsTokens { tokenizer = adapter.path }

    let embedding = base.stored(base.names.embeddingName)
    let output = base.stored(base.names.outputName)
    guard let embedding, embedding.spec.shape.count == 2 else { return }
    let rows = newEmbedding?.spec.shape[0] ?? embedding.spec.shape[0]
    let sizes = VocabularySizes(
      config: try? base.config.vocabularySize, embedding: rows,
      output: (newOutput ?? output)?.spec.shape.first, tokenizer: bringsTokens ? theirs : own)
    let isClassifier =
      base.savedRole.isClassifier || ["SEQ_CLS", "TOKEN_CLS"].contains(adapter.config.taskType)
    if let outputRows = sizes.output, outputRows != rows, !isClassifier {
      throw .vocabularyDisagrees(sizes, adapter: adapter.path)
    }
    if let tokens = sizes.tokenizer, tokens > rows {
      throw .vocabularyDisagrees(sizes, adapter: adapter.path)
    }
    guard rows != embedding.spec.shape[0], let newEmbedding else { return }
    var replaced = [embedding.spec.name: try ResizedSource(embedding, toFit: newEmbedding)]
    if let output, let newOutput, newOutput.spec.shape[0] != output.spec.shape.first {
      replaced[output.spec.name] = try ResizedSource(output, toFit: newOutput)
    }
    self.base = try base.resized(replaced, rows: rows)
    isResized = true
    findings.append(
      Finding(
        .note,
        .vocabularyResized(from: embedding.spec.shape[0], to: rows, adapter: adapter.path)))
    if !bringsTokens, rows > embedding.spec.shape[0] {
      findings.append(Finding(.warning, .newTokensUnnamed(sizes, adapter: adapter.path)))
    }
  }

  /// The adapter's own copy of a matrix over the vocabulary, if it brings one.
  private static func whole(_ name: String, in adapter: Adapter) -> (any TensorSource)? {
    let module = lastComponent(String(name.dropLast(".weight".count)))
    guard !module.isEmpty else { return nil }
    let wrappers: Set = ["modules_to_save", "base_layer", "original_module"]
    var found: (any TensorSource)?
    for tensor in adapter.store.names where tensor.hasSuffix(".weight") {
      let parts = tensor.split(separator: ".").map(String.init)
      guard
        let place = parts.lastIndex(where: { $0 == module || BaseNames.onDisk($0) == module }),
        let source = adapter.store[tensor], source.spec.shape.count == 2
      else { continue }
      let between = parts[(place + 1)..<(parts.count - 1)]
      guard between.isEmpty || between.first.map(wrappers.contains) == true else { continue }
      if found == nil || between.first != "original_module" { found = source }
    }
    return found
  }
}

extension ModelDirectory {
  /// The same model with other matrices over the vocabulary.
  fileprivate func resized(
    _ replaced: [String: ResizedSource], rows: Int
  ) throws(GraftError) -> ModelDirectory {
    var config = config
    if var text = config.json["text_config"]?.object, text["vocab_size"] != nil {
      text["vocab_size"] = JSONValue(rows)
      config.json["text_config"] = .object(text)
    } else {
      config.json["vocab_size"] = JSONValue(rows)
    }
    let sources = store.inFileOrder.map { replaced[$0.spec.name] ?? $0 }
    return ModelDirectory(
      path, config: config, store: try TensorStore(sources, files: store.files))
  }
}
