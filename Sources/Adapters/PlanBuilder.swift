import Checkpoint
import Diagnostics
import TensorCore

/// Fills an ``AdapterPlan``.
struct PlanBuilder {
  var changes: [String: [TensorChange]] = [:]
  var replacements: [String: any TensorSource] = [:]
  var additions: Set<String> = []
  var ignored: [String] = []
  var findings: [Finding] = []

  private let adapter: Adapter
  private let rules: ModuleRules
  private let base: [String: TensorSpec]
  private let names: BaseNames
  /// A and B by module path, in the order of first sight.
  private var pairs: [String: (a: (any TensorSource)?, b: (any TensorSource)?)] = [:]
  private var shifts: [BaseNames.Shift: String] = [:]
  /// Base tensors that some adapter tensor meant, even one that was refused.
  private var meant: Set<String> = []
  /// Module paths, as the adapter names them, that some adapter tensor belongs to.
  private var seen: Set<String> = []

  init(_ adapter: Adapter, base: some Sequence<TensorSpec>) throws(GraftError) {
    self.adapter = adapter
    rules = try ModuleRules(adapter.config)
    var specs: [String: TensorSpec] = [:]
    for spec in base { specs[spec.name] = spec }
    self.base = specs
    names = BaseNames(specs.keys)
  }

  // MARK: - Every tensor of the adapter lands

  mutating func place() {
    var adapterNames: Set<String> = []
    for name in adapter.store.names {
      guard let source = adapter.store[name] else { continue }
      let key = AdapterKey(name)
      seen.insert(key.module)
      if let label = key.adapter { adapterNames.insert(label) }
      if source.spec.shape.contains(0) {
        problem(.emptyAdapterTensor(source.spec, file: source.file))
        meant.formUnion(matchedName(key.module + ".weight").map { [$0] } ?? [])
        continue
      }
      if key.part != .original, !source.spec.dtype.isFloatingPoint {
        problem(.adapterTensorType(source.spec, file: source.file))
        continue
      }
      switch key.part {
      case .a:
        if let first = pairs[key.module]?.a {
          problem(.landsTwice(name, first.spec.name, file: source.file))
        } else {
          pairs[key.module, default: (nil, nil)].a = source
        }
      case .b:
        if let first = pairs[key.module]?.b {
          problem(.landsTwice(name, first.spec.name, file: source.file))
        } else {
          pairs[key.module, default: (nil, nil)].b = source
        }
      case .parameter(let parameter), .baseParameter(let parameter):
        placeReplacement(source, key.module, parameter)
      case .original: ignored.append(name)
      case .unsupported(let what):
        problem(.unsupportedTensor(name, what, file: source.file))
      }
    }
    if adapterNames.count > 1 {
      problem(.severalAdapters(adapterNames.sorted(), file: adapter.path))
    }
    for module in pairs.keys.sorted() { placePair(module) }
    if shifts.count > 1 { problem(.mixedPrefixes(shifts.values.sorted(), file: adapter.path)) }
  }

  private mutating func placePair(_ module: String) {
    let pair = pairs[module] ?? (nil, nil)
    let file = (pair.a ?? pair.b)?.file ?? adapter.path
    guard let a = pair.a, let b = pair.b else {
      let found = (pair.a ?? pair.b)?.spec.name ?? module
      return problem(.halfPair(found, missing: pair.a == nil ? "lora_A" : "lora_B", file: file))
    }
    guard let target = land(a.spec.name, module + ".weight", file: file), let base = base[target]
    else { return }
    if !rules.isTarget(module) {
      problem(.notTargeted(a.spec.name, module: module, file: adapter.config.file ?? file))
      return
    }
    let resolved: (rank: Int, alpha: Double)
    do { resolved = try rules.rankAndAlpha(module) } catch { return problem(error) }
    let rank = resolved.rank
    guard base.shape.count == 2, base.dtype.isFloatingPoint else {
      return problem(.notAMatrix(base, adapterTensor: a.spec.name, file: file))
    }
    guard a.spec.shape.first == rank, b.spec.shape.last == rank else {
      return problem(
        .rankMismatch(a: a.spec, b: b.spec, expected: rank, file: file))
    }
    guard a.spec.shape == [rank, base.shape[1]], b.spec.shape == [base.shape[0], rank] else {
      return problem(.doesNotFit(a: a.spec, b: b.spec, base: base, file: file))
    }
    if let other = changes[target]?.first?.sources.first {
      return problem(.landsTwice(a.spec.name, other.spec.name, file: file))
    }
    let delta = LowRankDelta(
      target: target, a: a, b: b, rank: rank,
      scale: adapter.config.scale(rank: rank, alpha: resolved.alpha))
    changes[target] = [.lowRank(delta)]
  }

  private mutating func placeReplacement(
    _ source: any TensorSource, _ module: String, _ parameter: String
  ) {
    let name = module + "." + parameter
    let isTrainedBias: Bool =
      switch adapter.config.bias {
      case .none: false
      case .all: parameter == "bias"
      case .loraOnly: parameter == "bias" && rules.isTarget(module)
      }
    guard rules.isSavedWhole(module) || isTrainedBias else {
      meant.insert(name)
      return problem(
        .notSavedWhole(source.spec.name, module: module, file: adapter.config.file ?? source.file))
    }
    let target: String
    if case .none = names.match(name), BaseNames.isHead(module) {
      target = name
      additions.insert(name)
    } else {
      guard let found = land(source.spec.name, name, file: source.file) else { return }
      target = found
    }
    if let spec = base[target], spec.shape != source.spec.shape {
      return problem(.replacementShape(source.spec, base: spec, file: source.file))
    }
    if let first = replacements.updateValue(source, forKey: target) {
      problem(.landsTwice(source.spec.name, first.spec.name, file: source.file))
    }
  }

  /// The base tensor that `name` means; a failure becomes a problem.
  private mutating func land(_ tensor: String, _ name: String, file: String) -> String? {
    switch names.match(name) {
    case .one(let target, let shift):
      meant.insert(target)
      if shifts[shift] == nil { shifts[shift] = tensor }
      return target
    case .none:
      problem(.noBaseTensor(tensor, wanted: name, base: base.keys, file: file))
    case .several(let candidates):
      problem(.ambiguousName(tensor, candidates: candidates, file: file))
    }
    return nil
  }

  private func matchedName(_ name: String) -> String? {
    if case .one(let target, _) = names.match(name) { target } else { nil }
  }

  // MARK: - Everything that the configuration names is there

  mutating func expect() {
    let shift = shifts.keys.first ?? BaseNames.Shift()
    var targets: [String] = []
    var missing: [String] = []
    var missingBiases: [String] = []
    for spec in base.values.sorted(by: { $0.name < $1.name }) {
      guard let name = shift.adapterName(spec.name) else { continue }
      if spec.shape.count == 2, name.hasSuffix(".weight") {
        let module = String(name.dropLast(".weight".count))
        guard rules.isTarget(module) else { continue }
        targets.append(spec.name)
        if !meant.contains(spec.name), !seen.contains(module) { missing.append(spec.name) }
      } else if name.hasSuffix(".bias"), replacements[spec.name] == nil {
        let module = String(name.dropLast(".bias".count))
        let isWanted: Bool =
          switch adapter.config.bias {
          case .none: false
          case .all: true
          case .loraOnly: rules.isTarget(module)
          }
        if isWanted { missingBiases.append(spec.name) }
      }
    }
    let file = adapter.path
    if !missing.isEmpty {
      problem(.targetsMissing(missing, of: targets.count, file: file))
    }
    if !missingBiases.isEmpty { problem(.biasesMissing(missingBiases, file: file)) }
    expectSavedModules()
  }

  /// Each module saved whole is there; of the two names of a head, one is.
  private mutating func expectSavedModules() {
    let present = Set(replacements.keys).union(meant).map { name in
      name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
    }
    func isPresent(_ module: String) -> Bool {
      present.contains { path in suffixes(of: path).contains { $0 == module } }
    }
    let saved = adapter.config.savedModules
    let heads = saved.filter { headModules.contains($0) }
    for module in saved where !heads.contains(module) && !isPresent(module) {
      problem(.savedModuleMissing(module, file: adapter.path))
    }
    if !heads.isEmpty, !heads.contains(where: isPresent) {
      problem(.savedHeadMissing(heads, file: adapter.path))
    }
  }

  private mutating func problem(_ error: GraftError) {
    findings.append(Finding(.problem, error))
  }
}

extension BaseNames {
  /// Whether a module may be new to the base: a head at the top of the model.
  static func isHead(_ module: String) -> Bool {
    [
      "score", "classifier", "v_head", "v_head.summary", "value_head", "reward_head",
      "regression_head", "score_head",
    ].contains(module)
  }
}
