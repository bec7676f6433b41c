public import Adapters
public import Checkpoint
public import Diagnostics
import FileIO
import Heads
import StrictJSON
import TensorCore

/// A merge of one adapter into a base, settled before anything is written.
///
/// Every tensor of the result has an origin and every tensor of base and adapter has a fate; if
/// that cannot be, making the plan throws. The result is a language model, or a sequence
/// classifier where base or adapter bring a `score` head.
public struct MergePlan: Sendable {
  /// The base.
  public let base: ModelDirectory
  /// The adapter.
  public let adapter: Adapter
  /// What the result will be used as.
  public let role: ModelRole
  /// What to write, in the order of the files.
  public let tensors: [PlannedTensor]
  /// The checked account.
  public let ledger: Ledger
  /// What is worth knowing and stops nothing.
  public let findings: [Finding]
  let options: MergeOptions

  /// Settles a merge.
  ///
  /// Reads the adapter's values (to refuse NaN, lost and untrained ones) but not the base's.
  ///
  /// - Throws: ``GraftError`` for anything that the result would silently lack or garble.
  public init(
    base: ModelDirectory, adapter: Adapter, options: MergeOptions = MergeOptions()
  ) throws(GraftError) {
    if let quantised = base.config.json["quantization_config"], !quantised.isNull {
      throw .quantisedBase(base.config.file)
    }
    try Self.refuseSecondMerge(of: adapter, into: base)
    let plan = AdapterPlan(adapter, base: base.store.inFileOrder.map(\.spec))
    let findings = plan.findings + (try plan.auditValues())
    try AdapterPlan.check(findings)
    if findings.contains(where: { $0.detail.code == .noEffect }), !options.allowsNoEffect {
      throw .mergeWithoutEffect(adapter.path)
    }
    let supplied = Self.underFullNames(plan.replacements, base.names, base.store)
    role = try Self.role(base: base, supplied: supplied)
    try Self.refuseTiedEmbedding(supplied, plan, role, base)

    let resolved = try base.resolve(
      as: role, supplying: supplied, how: "the adapter's trained copy")
    var account = Ledger(expecting: resolved.tensors.map(\.expected))
    for what in resolved.ledger.unchecked { account.note(unchecked: what) }
    for source in base.store.inFileOrder + adapter.store.inFileOrder { account.read(source) }
    for (reference, reason) in resolved.ledger.dropped {
      account.settle(reference, .dropped(reason: reason))
    }
    for name in plan.ignored {
      guard let source = adapter.store[name] else { continue }
      account.settle(
        Ledger.Reference(source), .dropped(reason: "the wrapper's untrained copy of the base"))
    }
    var changes = plan.changes
    var tensors: [PlannedTensor] = []
    for (expected, source) in resolved.tensors.map({ ($0.expected, $0.source) }) {
      let isFloating = source.spec.dtype.isFloatingPoint
      let dtype = isFloating ? options.dtype ?? source.spec.dtype : source.spec.dtype
      let spec = TensorSpec(name: expected.name, dtype: dtype, shape: expected.shape)
      if let steps = changes.removeValue(forKey: source.spec.name),
        let delta = steps.first?.plainDelta, source.file != delta.a.file
      {
        if expected.isTransposed { throw .storedTransposed(expected.name, file: source.file) }
        let update = try LowRankUpdate(base: source, delta: delta, output: spec)
        tensors.append(
          PlannedTensor(spec: spec) { (rows, buffer) throws(GraftError) in
            try update.produce(rows, into: buffer)
          })
        try account.assign(
          expected.name,
          from: .computed(
            ([source] + steps.flatMap(\.sources)).map(Ledger.Reference.init),
            how: steps.map(\.how).joined(separator: ", then ")))
      } else {
        tensors.append(try PlannedTensor(copying: source, as: expected.name, dtype: dtype))
        if let origin = resolved.ledger.origin(of: expected.name) {
          try account.assign(expected.name, from: origin)
        }
      }
    }
    if let lost = changes.keys.min() { throw .deltaHasNoPlace(lost, adapter: adapter.path) }
    try account.check(place: adapter.path)

    self.base = base
    self.adapter = adapter
    self.options = options
    self.tensors = tensors
    ledger = account
    self.findings = findings + resolved.findings
  }

  private static func refuseSecondMerge(
    of adapter: Adapter, into base: ModelDirectory
  ) throws(GraftError) {
    let merged = try Provenance.inputHashes(of: base.path, madeBy: "merge")
    guard !merged.isEmpty else { return }
    for file in adapter.store.files where merged.contains(try sha256(ofFile: file)) {
      throw .alreadyMerged(adapter.path, base: base.path)
    }
  }

  /// The configuration of the result.
  func configMembers() throws(GraftError) -> JSONObject {
    var members = base.config.json
    if case .sequenceClassifier(let labels) = role {
      members = base.config.classifierMembers(
        className: try base.className(for: role), labels: labels)
    }
    if let dtype = options.dtype {
      let key = members["torch_dtype"] != nil && members["dtype"] == nil ? "torch_dtype" : "dtype"
      members[key] = .string(dtype.torchName)
    }
    return members
  }

  /// Replacements under the names that a model with a head gives them.
  private static func underFullNames(
    _ replacements: [String: any TensorSource], _ names: ModelNames, _ store: TensorStore
  ) -> [any TensorSource] {
    replacements.sorted { $0.key < $1.key }.map { name, source in
      let full = names.backbonePrefix + name
      let isBare = store[name] != nil && !name.hasPrefix(names.backbonePrefix)
      return RenamedSource(source, as: isBare && name != names.outputName ? full : name)
    }
  }

  private static func role(
    base: ModelDirectory, supplied: [any TensorSource]
  ) throws(GraftError) -> ModelRole {
    let head = supplied.first { $0.spec.name == "score.weight" }
    if let labels = head?.spec.shape.first { return .sequenceClassifier(labels: labels) }
    guard case .sequenceClassifier = base.savedRole else { return base.savedRole }
    let own = try HeadSearch(base.path, store: base.store).require()
    return .sequenceClassifier(labels: own.labelCount)
  }

  private static func refuseTiedEmbedding(
    _ supplied: [any TensorSource], _ plan: AdapterPlan, _ role: ModelRole,
    _ base: ModelDirectory
  ) throws(GraftError) {
    guard role == .causal, try base.config.tiesEmbeddings else { return }
    let embedding = base.names.embeddingName
    if supplied.contains(where: { $0.spec.name == embedding }) || plan.changes[embedding] != nil {
      throw .tiedEmbeddingChanged(embedding, adapter: plan.adapter.path)
    }
  }
}
