import Adapters
import Checkpoint
import Diagnostics
import StrictJSON
import TensorCore

/// What becomes of an output matrix that is tied to the input embedding.
///
/// PEFT computes with both sides apart: a change of the embedding's module leaves the output as it
/// was, and the other way round. Where they differ afterwards, the merged model is untied and
/// holds both. Trained tokens and resized embeddings change both sides alike.
struct Untying {
  /// The base; where it is untied, by its configuration.
  var base: ModelDirectory
  /// The tensors from elsewhere, the output matrix among them where the model is untied.
  var supplied: [any TensorSource]
  /// Copies that are left out, since they equal the embedding.
  var spare: [any TensorSource] = []
  /// What a user should know.
  var findings: [Finding] = []

  init(
    _ base: ModelDirectory, _ plan: AdapterPlan, _ supplied: [any TensorSource], role: ModelRole,
    options: MergeOptions
  ) throws(GraftError) {
    self.base = base
    self.supplied = supplied
    let ties = try base.config.tiesEmbeddings
    let isTied = ties && role == .causal
    if let output = plan.tiedOutput, !isTied {
      throw .outputMissing(output.output, adapter: plan.adapter.path)
    }
    guard isTied, let embedding = base.stored(base.names.embeddingName) else { return }
    let (input, output) = (embedding.spec.name, base.names.outputName)
    let copies = (input: plan.replacements[input], output: plan.replacements[output])
    let steps = (input: plan.changes[input] ?? [], output: plan.changes[output] ?? [])
    let isShared = plan.replacesBothSides(of: input)
    let inputMoves =
      (copies.input != nil && !isShared) || steps.input.contains { !$0.isRows }
    if copies.output == nil, steps.output.isEmpty,
      !inputMoves || plan.adapter.config.json["ensure_weight_tying"]?.bool == true
    {
      return
    }
    if let first = copies.input, let second = copies.output, steps.input.isEmpty,
      steps.output.isEmpty, try haveEqualBytes(first, second)
    {
      spare = [second]
      self.supplied.removeAll { $0.spec.name == output }
      return
    }
    guard !base.names.isNested else {
      throw .tiedWithinLarger(input, adapter: plan.adapter.path)
    }
    guard options.allowsUntying else {
      throw .tiedEmbeddingChanged(input, adapter: plan.adapter.path)
    }
    self.base.config.json["tie_word_embeddings"] = false
    if copies.output == nil {
      let own = isShared ? copies.input ?? embedding : base.store[output] ?? embedding
      self.supplied.append(RenamedSource(own, as: output))
    }
    findings.append(Finding(.note, .untied(input, output, file: base.config.file)))
  }
}

extension TensorChange {
  fileprivate var isRows: Bool { if case .rows = self { true } else { false } }
}
