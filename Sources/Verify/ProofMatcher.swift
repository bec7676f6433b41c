import Adapters
import Checkpoint
import Diagnostics
import Heads
import TensorCore

/// Finds, for each tensor of a merged model, what it must be made of.
struct ProofMatcher {
  struct Pair {
    var role: TensorProof.Role
    var origin: any TensorSource
    var merged: any TensorSource
    var delta: LowRankDelta?
  }

  var pairs: [Pair] = []
  var leftOut: [(name: String, reason: String)] = []
  var findings: [Finding] = []
  private let base: ModelDirectory
  private let merged: ModelDirectory
  private var unexplained: Set<String>

  init(base: ModelDirectory, merged: ModelDirectory) {
    self.base = base
    self.merged = merged
    unexplained = Set(merged.store.names)
  }

  mutating func match(_ plan: AdapterPlan?) throws(GraftError) {
    for source in base.store.inFileOrder {
      let name = source.spec.name
      if let replacement = plan?.replacements[name] {
        guard let target = mergedTensor(name) else {
          problem(.mergedLacks(name, file: merged.path))
          continue
        }
        add(.replaced, replacement, target)
      } else if let target = mergedTensor(name) {
        let delta = plan?.changes[name]?.first?.lowRank
        add(delta == nil ? .kept : .updated, source, target, delta)
      } else if let reason = try reasonToLeaveOut(source) {
        leftOut.append((name, reason))
      } else {
        problem(.mergedLacks(name, file: merged.path))
      }
    }
    for name in (plan?.additions ?? []).sorted() {
      guard let replacement = plan?.replacements[name] else { continue }
      guard let target = mergedTensor(name) else {
        problem(.mergedLacks(name, file: merged.path))
        continue
      }
      add(.replaced, replacement, target)
    }
    for name in unexplained.sorted() {
      let isHead = HeadKind.all.contains { name.hasPrefix($0.module + ".") }
      if plan == nil, isHead {
        findings.append(Finding(.note, .mergedHasHead(name, file: merged.path)))
      } else {
        problem(.mergedExtra(name, file: merged.path))
      }
    }
    findings += try HeadSearch(merged).findings(config: merged.config)
  }

  private mutating func add(
    _ role: TensorProof.Role, _ origin: any TensorSource, _ target: any TensorSource,
    _ delta: LowRankDelta? = nil
  ) {
    unexplained.remove(target.spec.name)
    guard origin.spec.shape == target.spec.shape else {
      return problem(
        .mergedShape(target.spec, expected: origin.spec.shape, file: target.file))
    }
    pairs.append(Pair(role: role, origin: origin, merged: target, delta: delta))
  }

  /// The merged tensor of a base name; a backbone's names gain the prefix.
  private func mergedTensor(_ name: String) -> (any TensorSource)? {
    if let source = merged.store[name] { return source }
    return merged.store[merged.names.backbonePrefix + name]
  }

  private func reasonToLeaveOut(_ source: any TensorSource) throws(GraftError) -> String? {
    let name = source.spec.name
    if base.names.isRecomputedBuffer(name) { return "computed again on loading" }
    guard name == base.names.outputName else { return nil }
    if merged.savedRole.isClassifier {
      return "the classification head takes the place of the output matrix"
    }
    if try merged.config.tiesEmbeddings,
      let embedding = base.stored(base.names.embeddingName),
      try haveEqualBytes(source, embedding)
    {
      return "equal to the embedding that it is tied to"
    }
    return nil
  }

  private mutating func problem(_ error: GraftError) {
    findings.append(Finding(.problem, error))
  }
}
