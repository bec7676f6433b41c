public import Adapters
public import Checkpoint
public import Diagnostics
import TensorCore

/// The proof that a merged model is what it should be, tensor by tensor.
///
/// Computed from the files alone, with arithmetic of its own: every targeted weight is
/// base + scale · B · A, rounded once; every other tensor is bit for bit the base's; what the
/// adapter replaces is the adapter's; nothing is missing and nothing is left over.
///
/// Memory: for each core one adapter pair as float64 and a few MiB. Time: one multiply-add per weight
/// and rank, while both models are read and hashed once.
public struct WeightsProof: Sendable {
  /// The base's directory.
  public let base: String
  /// The merged model's directory.
  public let merged: String
  /// The adapter's directory, or nil where base and merged model are only compared.
  public let adapter: String?
  /// Each tensor of the merged model that has an origin, sorted by name.
  public private(set) var tensors: [TensorProof] = []
  /// Tensors of the base that the merged model leaves out, with the reason.
  public private(set) var leftOut: [(name: String, reason: String)] = []
  /// The base's weight files, hashed.
  public private(set) var baseFiles: [FileRecord] = []
  /// The merged model's weight files, hashed.
  public private(set) var mergedFiles: [FileRecord] = []
  /// What does not hold, and what is worth knowing.
  public private(set) var findings: [Finding] = []

  /// Whether all that was checked holds.
  public var holds: Bool { !findings.contains { $0.severity == .problem } }

  /// Compares a merged model with its base and the adapter.
  ///
  /// - Parameter baseIsResidual: whether the base is what training left when it took its start out
  ///   of the weights (PiSSA and the like).
  /// - Throws: ``GraftError`` if a file cannot be read. What does not hold is no error here; it is
  ///   in ``findings``.
  public init(
    base: ModelDirectory, merged: ModelDirectory, adapter: Adapter?, baseIsResidual: Bool = false
  ) throws(GraftError) {
    try self.init(
      base: base, merged: merged, adapters: adapter.map { [$0] } ?? [],
      baseIsResidual: baseIsResidual)
  }

  /// Compares a merged model with its base and the adapters that were combined in it.
  ///
  /// - Throws: ``GraftError`` as for one, and if the adapters cannot be combined so.
  public init(
    base: ModelDirectory, merged: ModelDirectory, adapters: [Adapter],
    combination: AdapterCombination = AdapterCombination(), baseIsResidual: Bool = false
  ) throws(GraftError) {
    self.base = base.path
    self.merged = merged.path
    adapter = adapters.isEmpty ? nil : adapters.map(\.path).joined(separator: " + ")
    var base = base
    var plan: AdapterPlan?
    if !adapters.isEmpty {
      base = try VocabularyGrowth(base, adapters).base
      let made = try combination.plan(
        adapters, base: base.store.inFileOrder.map(\.spec), baseIsResidual: baseIsResidual)
      try made.check()
      findings += try made.auditValues()
      plan = made
    }
    var matcher = ProofMatcher(base: base, merged: merged)
    try matcher.match(plan)
    findings += matcher.findings
    leftOut = matcher.leftOut
    try compare(matcher.pairs, base, merged, judgesAll: plan != nil)
    judgeWhole(hasAdapter: plan != nil)
  }

  private mutating func compare(
    _ pairs: [ProofMatcher.Pair], _ base: ModelDirectory, _ merged: ModelDirectory, judgesAll: Bool
  ) throws(GraftError) {
    let comparisons = pairs.map {
      TensorComparison($0.role, origin: $0.origin, merged: $0.merged, changes: $0.changes)
    }
    let run = try ComparisonRun(comparisons, base.store.files, merged.store.files)
    (baseFiles, mergedFiles) = (run.firstFiles, run.secondFiles)
    let ranks = try inParallel(pairs.count) { (index) throws(GraftError) -> Double? in
      guard pairs[index].changes.count == 1, let delta = pairs[index].changes[0].plainDelta
      else { return nil }
      return try EffectiveRank.of(delta)
    }
    var found: [(proof: TensorProof, file: String)] = []
    for (index, pair) in pairs.enumerated() {
      var proof = run.proofs[index]
      proof.effectiveRank = ranks[index]
      found.append((proof, pair.merged.file))
    }
    for (proof, file) in found.sorted(by: { $0.proof.name < $1.proof.name }) {
      tensors.append(proof)
      if judgesAll || proof.nonFiniteCount > 0 { judge(proof, file) }
    }
  }

  private mutating func judge(_ proof: TensorProof, _ file: String) {
    if proof.nonFiniteCount > 0 {
      problem(.mergedNotFinite(proof.nonFiniteCount, tensor: proof.name, file: file))
    }
    guard proof.wrongCount > 0 else { return }
    switch proof.role {
    case .updated: problem(.updateWrong(proof, file: file))
    case .kept: problem(.keptChanged(proof, file: file))
    case .replaced: problem(.replacementWrong(proof, file: file))
    }
  }

  private mutating func judgeWhole(hasAdapter: Bool) {
    let changed = tensors.reduce(0) { $0 + $1.changedCount }
    let added = tensors.contains { $0.role == .replaced }
    if changed == 0, !added { problem(.sameAsBase(merged)) }
    guard hasAdapter else { return }
    let untouched = tensors.filter {
      $0.role == .updated && $0.changedCount == 0 && $0.wrongCount == 0
    }
    if !untouched.isEmpty {
      findings.append(Finding(.warning, .updateInvisible(untouched.map(\.name), file: merged)))
    }
    let updated = tensors.filter { $0.role == .updated && $0.dtype.bitWidth == 16 }
    let elements = updated.reduce(0) { $0 + $1.elementCount }
    let equal = updated.reduce(0) { $0 + $1.equalCount }
    if elements > 0, Double(equal) < 0.99 * Double(elements), holds {
      findings.append(
        Finding(.warning, .roundedTwice(equal: equal, of: elements, file: merged)))
    }
  }

  private mutating func problem(_ error: GraftError) {
    findings.append(Finding(.problem, error))
  }
}
