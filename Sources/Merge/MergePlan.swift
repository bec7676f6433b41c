public import Adapters
public import Checkpoint
public import Diagnostics
import FileIO
import Heads
import StrictJSON
import TensorCore

/// A merge of adapters into a base, settled before anything is written.
///
/// Every tensor of the result has an origin and every tensor of base and adapter has a fate; if
/// that cannot be, making the plan throws. The result is a language model, or a sequence
/// classifier where base or adapter bring a `score` head.
public struct MergePlan: Sendable {
  /// The base.
  public let base: ModelDirectory
  /// The adapters, in their order.
  public let adapters: [Adapter]
  /// How they become one change.
  public let combination: AdapterCombination
  /// What the result will be used as.
  public let role: ModelRole
  /// What to write, in the order of the files.
  public let tensors: [PlannedTensor]
  /// The checked account.
  public let ledger: Ledger
  /// What is worth knowing and stops nothing.
  public let findings: [Finding]
  let options: MergeOptions
  /// The directory whose tokenizer goes along.
  let tokenizer: String
  /// What each merged tensor is made of, to take the merge back.
  let pieces: [Piece]

  /// A merged tensor that is a tensor of the base with changes.
  struct Piece: Sendable {
    var merged: String
    var base: any TensorSource
    var changes: [TensorChange]
  }

  /// Whether another machine computes the same changes to the last bit.
  var isReproducible: Bool { !combination.method.cutsRank }
  let carried: CarriedHead

  /// Settles a merge.
  ///
  /// Reads the adapter's values (to refuse NaN, lost and untrained ones) but not the base's.
  ///
  /// - Throws: ``GraftError`` for anything that the result would silently lack or garble.
  public init(
    base: ModelDirectory, adapter: Adapter, options: MergeOptions = MergeOptions()
  ) throws(GraftError) {
    try self.init(base: base, adapters: [adapter], options: options)
  }

  /// Settles a merge of several adapters, whose changes are all of the base as it is, and are
  /// rounded once together.
  ///
  /// - Throws: ``GraftError`` as for one, and if the adapters cannot be combined so.
  public init(
    base stored: ModelDirectory, adapters: [Adapter],
    combination: AdapterCombination = AdapterCombination(), options: MergeOptions = MergeOptions()
  ) throws(GraftError) {
    if let method = stored.quantisation, !options.dequantises {
      throw .quantisedBase(stored.config.file, method: method)
    }
    let plain = try stored.dequantised()
    if options.keepsResidue { try Self.refuseResidue(of: stored) }
    for adapter in adapters { try Self.refuseSecondMerge(of: adapter, into: plain) }
    let growth = try VocabularyGrowth(plain, adapters)
    if growth.isResized, options.keepsResidue {
      throw .residueOfResized(adapters.map(\.path).joined(separator: ", "))
    }
    let grown = growth.base
    let plan = try combination.plan(
      adapters, base: grown.store.inFileOrder.map(\.spec), baseIsResidual: options.baseIsResidual)
    var findings = growth.findings + plan.findings + (try plan.auditValues())
    try AdapterPlan.check(findings)
    if findings.contains(where: { $0.detail.code == .noEffect }), !options.allowsNoEffect {
      throw .mergeWithoutEffect(adapters.map(\.path).joined(separator: ", "))
    }
    var whole = Self.underFullNames(plan.replacements, grown.names, grown.store)
    carried = try CarriedHead(
      base: grown, adapters: adapters, carriage: options.head,
      hasScore: whole.contains { $0.spec.name == "score.weight" })
    findings += carried.findings
    if let score = carried.score { whole.append(score) }
    role = try Self.role(base: grown, supplied: whole)
    let untying = try Untying(grown, plan, whole, role: role, options: options)
    let base = untying.base
    findings += untying.findings

    let resolved = try base.resolve(
      as: role, supplying: untying.supplied,
      how: carried.score == nil ? "the adapter's trained copy" : "a trained copy")
    var account = Ledger(expecting: resolved.tensors.map(\.expected))
    for what in resolved.ledger.unchecked { account.note(unchecked: what) }
    for source in base.store.inFileOrder + adapters.flatMap(\.store.inFileOrder) {
      account.read(source)
    }
    for (reference, reason) in resolved.ledger.dropped {
      account.settle(reference, .dropped(reason: reason))
    }
    let ignored = plan.ignored.flatMap { name in adapters.compactMap { $0.store[name] } }
    for source in untying.spare + ignored {
      account.settle(
        Ledger.Reference(source), .dropped(reason: "a copy: untrained, or there under another name")
      )
    }
    var changes = plan.changes
    var tensors: [PlannedTensor] = []
    var pieces: [Piece] = []
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
      let steps = changes.removeValue(forKey: key) ?? []
      pieces.append(Piece(merged: expected.name, base: source, changes: steps))
      if !steps.isEmpty {
        if base.architecture != nil {
          try Self.check(steps, against: expected, file: source.file)
        }
        tensors.append(try Self.tensor(spec, from: source, steps, cache))
        try account.assign(
          expected.name,
          from: .computed(
            ([source] + steps.flatMap(\.sources)).flatMap(Ledger.Reference.all),
            how: steps.map(\.how).joined(separator: ", then ")))
      } else {
        tensors.append(try PlannedTensor(copying: source, as: expected.name, dtype: dtype))
        if let origin = resolved.ledger.origin(of: expected.name) {
          try account.assign(expected.name, from: origin)
        }
      }
    }
    for tensor in carried.tensors {
      account.read(tensor)
      if carried.score == nil {
        account.settle(
          Ledger.Reference(tensor), .used(in: "\(splitPath(tensor.file).name), copied whole"))
      } else if tensor.spec.shape.count == 1 {
        account.settle(
          Ledger.Reference(tensor), .dropped(reason: "declared as an offset in config.json"))
      }
    }
    let place = adapters.map(\.path).joined(separator: ", ")
    if let lost = changes.keys.min() { throw .deltaHasNoPlace(lost, adapter: place) }
    try account.check(place: place)

    self.base = base
    self.adapters = adapters
    self.combination = combination
    self.pieces = pieces
    self.options = options
    tokenizer = growth.tokenizer
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

  /// Only files whose every byte can be written again can be taken back.
  private static func refuseResidue(of base: ModelDirectory) throws(GraftError) {
    if let method = base.quantisation {
      throw .residueOfQuantisedBase(base.config.file, method: method)
    }
    for file in base.store.files where !file.hasSuffix(".safetensors") {
      throw .residueOfForeignBase(file)
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
    // A head that the merge brought takes the place of what was declared of the base's.
    if tensors.contains(where: { isBroughtHead($0.spec.name) }) {
      members[HeadDeclaration.key] = carried.declaration.json
    }
    if let dtype = options.dtype {
      let key = members["torch_dtype"] != nil && members["dtype"] == nil ? "torch_dtype" : "dtype"
      members[key] = .string(dtype.torchName)
    }
    return members
  }

  private func isBroughtHead(_ name: String) -> Bool {
    guard name == "score.weight",
      case .tensor(let reference, _) = ledger.origin(of: name)
    else { return false }
    return !base.store.files.contains(reference.file)
  }

  /// Replacements under the names that a model with a head gives them.
  private static func underFullNames(
    _ replacements: [String: any TensorSource], _ names: ModelNames, _ store: TensorStore
  ) -> [any TensorSource] {
    replacements.sorted { $0.key < $1.key }.map { name, source in
      let full = names.backbonePrefix + name
      let isHead = name == names.outputName || HeadKind.all.contains { name.hasPrefix($0.module) }
      let isBare = store[name] != nil && !name.hasPrefix(names.backbonePrefix)
      return RenamedSource(source, as: isBare && !isHead ? full : name)
    }
  }

  private static func role(
    base: ModelDirectory, supplied: [any TensorSource]
  ) throws(GraftError) -> ModelRole {
    let head = supplied.first { $0.spec.name == "score.weight" }
    if let labels = head?.spec.shape.first { return .sequenceClassifier(labels: labels) }
    guard case .sequenceClassifier = base.savedRole else { return base.savedRole }
    let own = try HeadSearch(base).require()
    return .sequenceClassifier(labels: own.labelCount)
  }
}
