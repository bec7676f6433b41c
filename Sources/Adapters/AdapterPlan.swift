public import Checkpoint
public import Diagnostics
public import TensorCore

/// Where every tensor of an adapter goes in a base model.
///
/// Strict both ways: each tensor of the adapter lands exactly once, and each module that the
/// configuration names receives its pair. Making a plan reads no tensor bytes; it collects every
/// disagreement in ``findings`` instead of stopping at the first.
public struct AdapterPlan: Sendable {
  /// The adapter; of several the first, or what they make together.
  public let adapter: Adapter
  /// The adapters that it is made of, in their order.
  public internal(set) var adapters: [Adapter]
  /// What happens to the base's tensors, by their names, in the order of application.
  public internal(set) var changes: [String: [TensorChange]] = [:]
  /// Tensors that replace the base's, or that the base lacks (a trained head), by name in the
  /// result.
  public internal(set) var replacements: [String: any TensorSource] = [:]
  /// The names in ``replacements`` that the base lacks.
  public internal(set) var additions: Set<String> = []
  /// Adapter tensors that are left out on purpose: untrained copies that a wrapper saved.
  public internal(set) var ignored: [String] = []
  /// The output matrix, where the adapter changes it and the base lacks it.
  public internal(set) var tiedOutput: TiedOutput?
  /// What is wrong or worth knowing.
  public internal(set) var findings: [Finding] = []

  /// An output matrix that is the input embedding, and so has no tensor of its own in the base.
  public struct TiedOutput: Sendable, Hashable {
    /// The name that the changes of the output matrix stand under, as in "lm_head.weight".
    public var output: String
    /// The base's embedding, which it begins as.
    public var embedding: String
  }

  /// Maps an adapter onto a base.
  ///
  /// - Parameters:
  ///   - base: the base's tensors.
  ///   - baseIsResidual: whether the base is what was left when training took its start out of the
  ///     weights (PiSSA and the like); else such adapters are a problem.
  public init(
    _ adapter: Adapter, base: some Sequence<TensorSpec>, baseIsResidual: Bool = false
  ) {
    self.adapter = adapter
    adapters = [adapter]
    if let reservation = adapter.reservation { problem(reservation) }
    for refusal in adapter.config.refusals { problem(refusal) }
    for key in adapter.config.unknownKeys {
      findings.append(Finding(.warning, .unknownAdapterKey(key, file: adapter.config.file)))
    }
    guard let kind = adapter.config.kind else { return }
    if let start = adapter.config.residualStart, !baseIsResidual {
      problem(.residualBase(start, file: adapter.config.file))
    }
    do {
      var builder = try PlanBuilder(adapter, base: base)
      builder.place(kind)
      builder.expect()
      changes = builder.changes
      replacements = builder.replacements
      additions = builder.additions
      ignored = builder.ignored
      tiedOutput = builder.tiedOutput
      findings += builder.findings
    } catch {
      problem(error)
    }
  }

  /// Every pair of A and B, sorted by the tensor that it changes.
  public var lowRankDeltas: [LowRankDelta] {
    changes.values.flatMap { $0.compactMap(\.lowRank) }.sorted { $0.target < $1.target }
  }

  /// Whether a whole copy of the embedding in the file stands for the matrix that a tied output
  /// shares, not for a module that was trained by itself: PEFT saves embeddings that were resized
  /// or that carry A and B.
  public func replacesBothSides(of embedding: String) -> Bool {
    guard replacements[embedding] != nil else { return false }
    let module = embedding.lastIndex(of: ".").map { String(embedding[..<$0]) } ?? embedding
    let saved = adapter.config.savedModules
    return !suffixes(of: module).contains { saved.contains(String($0)) }
  }

  /// Refuses a plan that has problems.
  ///
  /// - Throws: the first problem, saying how many more there are.
  public func check() throws(GraftError) { try Self.check(findings) }

  /// Throws the first problem among findings, saying how many more there are.
  public static func check(_ findings: [Finding]) throws(GraftError) {
    let problems = findings.filter { $0.severity == .problem }
    guard var first = problems.first?.detail else { return }
    if problems.count > 1 { first.message += " (and \(problems.count - 1) more problems)" }
    throw first
  }

  private mutating func problem(_ error: GraftError) {
    findings.append(Finding(.problem, error))
  }
}
