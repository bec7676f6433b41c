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
    let plan = AdapterPlan(
      adapter, base: base.store.inFileOrder.map(\.spec), baseIsResidual: options.baseIsResidual)
    var findings = plan.findings + (try plan.auditValues())
    try AdapterPlan.check(findings)
    if findings.contains(where: { $0.detail.code == .noEffect }), !options.allowsNoEffect {
      throw .mergeWithoutEffect(adapter.path)
    }
    let whole = Self.underFullNames(plan.replacements, base.names, base.store)
    role = try Self.role(base: base, supplied: whole)
    let untying = try Untying(base, plan, whole, role: role, options: options)
    let base = untying.base
    findings += untying.findings

    let resolved = try base.resolve(
      as: role, supplying: untying.supplied, how: "the adapter's trained copy")
    var account = Ledger(expecting: resolved.tensors.map(\.expected))
    for what in resolved.ledger.unchecked { account.note(unchecked: what) }
    for source in base.store.inFileOrder + adapter.store.inFileOrder { account.read(source) }
    for (reference, reason) in resolved.ledger.dropped {
      account.settle(reference, .dropped(reason: reason))
    }
    for source in untying.spare + plan.ignored.compactMap({ adapter.store[$0] }) {
      account.settle(
        Ledger.Reference(source), .dropped(reason: "a copy: untrained, or there under another name")
      )
    }
    var changes = plan.changes
    var tensors: [PlannedTensor] = []
    let cache = FactorCache()
    for (expected, source) in resolved.tensors.map({ ($0.expected, $0.source) }) {
      let own =
        base.stored(expected.name)
        ?? (expected.kind == .output
          ? base.stored(base.names.embeddingName) : nil)
      let kept = own?.spec.dtype ?? source.spec.dtype
      let dtype = source.spec.dtype.isFloatingPoint ? options.dtype ?? kept : source.spec.dtype
      let spec = TensorSpec(name: expected.name, dtype: dtype, shape: expected.shape)
      let key =
        changes[expected.name] == nil ? own?.spec.name ?? expected.name : expected.name
      if let steps = changes.removeValue(forKey: key) {
        if base.architecture != nil {
          try Self.check(steps, against: expected, file: source.file)
        }
        tensors.append(try Self.tensor(spec, from: source, steps, cache))
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

  /// How a changed tensor comes about: by the kernel for one plain pair, else step by step.
  private static func tensor(
    _ spec: TensorSpec, from source: any TensorSource, _ steps: [TensorChange], _ cache: FactorCache
  ) throws(GraftError) -> PlannedTensor {
    if steps.count == 1, case .lowRank(let delta) = steps[0], delta.place == nil {
      let update = try LowRankUpdate(base: source, delta: delta.separated(cache), output: spec)
      return PlannedTensor(spec: spec) { (rows, buffer) throws(GraftError) in
        try update.produce(rows, into: buffer)
      }
    }
    for step in steps.dropFirst() {
      if case .weightDecomposed(let delta, _) = step {
        throw .decomposedLater(spec.name, file: delta.a.file)
      }
    }
    let update = try ChangedTensor(base: source, changes: steps, output: spec, cache: cache)
    return PlannedTensor(spec: spec) { (rows, buffer) throws(GraftError) in
      try update.produce(rows, into: buffer)
    }
  }

  /// Holds the orientation that the shapes told against the family's table.
  private static func check(
    _ steps: [TensorChange], against expected: ExpectedTensor, file: String
  ) throws(GraftError) {
    guard expected.kind == .linear, expected.shape.count == 2 else { return }
    for step in steps {
      let isTransposed: Bool? =
        switch step {
        case .lowRank(let delta), .weightDecomposed(let delta, _): delta.isTransposed
        case .vectors(let delta): delta.isTransposed
        case .hadamard, .kronecker, .rotated: false
        case .scaled, .added, .rows: nil
        }
      if let isTransposed, isTransposed != expected.isTransposed {
        throw .storedTransposed(expected.name, file: file)
      }
    }
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
}
