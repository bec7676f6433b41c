import Adapters
import Checkpoint
import Diagnostics
import FileIO
import Heads
import TensorCore

/// Finds, for each tensor of a merged model, what it must be made of.
struct ProofMatcher {
  struct Pair {
    var role: TensorProof.Role
    var origin: any TensorSource
    var merged: any TensorSource
    var changes: [TensorChange]
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
      let replacement = plan?.replacements[name]
      let changes = plan?.changes[name] ?? []
      if let target = mergedTensor(name) {
        add(replacement == nil ? .kept : .replaced, replacement ?? source, target, changes)
      } else if replacement == nil, changes.isEmpty, let reason = try reasonToLeaveOut(source) {
        leftOut.append((name, reason))
      } else {
        problem(.mergedLacks(name, file: merged.path))
      }
    }
    try matchOutput(plan)
    for name in (plan?.additions ?? []).sorted() {
      guard let replacement = plan?.replacements[name] else { continue }
      guard let target = mergedTensor(name) else {
        problem(.mergedLacks(name, file: merged.path))
        continue
      }
      add(.replaced, replacement, target, [])
    }
    if let plan { try matchCarriedHead(plan) }
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

  /// The output matrix of a base that has none of its own, since it is the embedding.
  ///
  /// Where the merged model has one, it must be the embedding as the output saw it before, and what
  /// the adapter did to the output since; where it has none, the adapter must not tell them apart.
  private mutating func matchOutput(_ plan: AdapterPlan?) throws(GraftError) {
    guard try base.config.tiesEmbeddings, base.store[base.names.outputName] == nil,
      let embedding = base.stored(base.names.embeddingName)
    else { return }
    let output = base.names.outputName
    let copy = plan?.replacements[output]
    let changes = plan?.changes[output] ?? []
    guard let target = merged.store[output] else {
      if let copy, changes.isEmpty,
        let own = plan?.replacements[embedding.spec.name], try haveEqualBytes(own, copy)
      {
        leftOut.append((copy.spec.name, "equal to the embedding that it is tied to"))
      } else if copy != nil || !changes.isEmpty {
        problem(.mergedLacks(output, file: merged.path))
      }
      return
    }
    guard let plan else {
      return add(.kept, embedding, target, [])
    }
    let input = embedding.spec.name
    let shared = plan.replacesBothSides(of: input) ? plan.replacements[input] : nil
    add(
      copy == nil && shared == nil ? .kept : .replaced, copy ?? shared ?? embedding, target, changes
    )
  }

  /// A head in a file of its own, which a merge makes the classifier's or carries along.
  private mutating func matchCarriedHead(_ plan: AdapterPlan) throws(GraftError) {
    // A plan of several adapters names them by their files; the last one's head counts.
    let files = plan.changes.values.joined().flatMap(\.sources).map(\.file)
    let folders = Set(files.map { splitPath($0).parent }).subtracting([base.path]).sorted()
    var heads: [Head] = []
    for folder in [plan.adapter.path] + folders + [base.path] { heads += try Head.beside(folder) }
    guard let first = heads.first else { return }
    var head = first
    let kept = try Head.beside(merged.path).first
    let made = merged.store["score.weight"] ?? kept?.weight
    for other in heads {
      if let made, try haveEqualBytes(other.weight, made) { head = other }
    }
    if let target = merged.store["score.weight"], unexplained.contains(target.spec.name) {
      return add(.replaced, head.weight, target, [])
    }
    guard let kept else { return }
    for (origin, copy) in zip(head.tensors, kept.tensors)
    where !(try haveEqualBytes(origin, copy)) {
      problem(.headFileDiffers(copy.spec.name, of: origin.file, file: copy.file))
    }
  }

  private mutating func add(
    _ role: TensorProof.Role, _ origin: any TensorSource, _ target: any TensorSource,
    _ changes: [TensorChange]
  ) {
    unexplained.remove(target.spec.name)
    guard origin.spec.shape == target.spec.shape else {
      return problem(
        .mergedShape(target.spec, expected: origin.spec.shape, file: target.file))
    }
    pairs.append(
      Pair(
        role: changes.isEmpty ? role : .updated, origin: origin, merged: target, changes: changes))
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
