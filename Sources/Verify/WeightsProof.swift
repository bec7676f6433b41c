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
/// Memory: one adapter pair as float64 and a few MiB. Time: one multiply-add per weight and rank.
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
    for pair in matcher.pairs.sorted(by: { $0.merged.spec.name < $1.merged.spec.name }) {
      let proof = try TensorProof(
        pair.role, origin: pair.origin, merged: pair.merged, changes: pair.changes)
      tensors.append(proof)
      if plan != nil || proof.nonFiniteCount > 0 { judge(proof, pair.merged.file) }
    }
    judgeWhole(hasAdapter: plan != nil)
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
