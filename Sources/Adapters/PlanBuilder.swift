import Checkpoint
import Diagnostics
import TensorCore

/// Fills an ``AdapterPlan``: takes every tensor of the adapter to its place in the base.
///
/// What the kinds of adapters do to a module is in `Kinds/PlanBuilder+KIND.swift`.
struct PlanBuilder {
  var changes: [String: [TensorChange]] = [:]
  var replacements: [String: any TensorSource] = [:]
  var additions: Set<String> = []
  var ignored: [String] = []
  var findings: [Finding] = []
  /// The output matrix that the adapter changes and the base lacks, since it is the embedding.
  var tiedOutput: AdapterPlan.TiedOutput?

  let adapter: Adapter
  let rules: ModuleRules
  /// The base's tensors; the output matrix joins them where the adapter changes it.
  private(set) var base: [String: TensorSpec]
  let layout: ExpertParameters
  /// What the adapter trains, by module path.
  private(set) var modules: [String: [AdapterFactor: any TensorSource]] = [:]
  /// Module paths, as the adapter names them, that some adapter tensor belongs to.
  private var seen: Set<String> = []
  /// Base tensors that some adapter tensor meant, even one that was refused.
  private var meant: Set<String> = []
  /// The first adapter tensor for each place in the base.
  private var claims: [Claim: String] = [:]
  private var shifts: [BaseNames.Shift: String] = [:]
  private let names: BaseNames

  private struct Claim: Hashable {
    var target: String
    var place: LowRankDelta.Place?
    var isRows: Bool
  }

  init(_ adapter: Adapter, base: some Sequence<TensorSpec>) throws(GraftError) {
    self.adapter = adapter
    rules = try ModuleRules(adapter.config)
    var specs: [String: TensorSpec] = [:]
    for spec in base { specs[spec.name] = spec }
    self.base = specs
    names = BaseNames(specs.keys)
    layout = ExpertParameters(specs)
  }

  /// The file to name where a configuration and a tensor disagree.
  var configFile: String { adapter.config.file ?? adapter.path }

  // MARK: - Every tensor of the adapter lands

  mutating func place(_ kind: AdapterKind) {
    var adapterNames: Set<String> = []
    var whole: [(source: any TensorSource, key: AdapterKey)] = []
    for name in adapter.store.names {
      guard let source = adapter.store[name] else { continue }
      let key = AdapterKey(name)
      seen.insert(key.module)
      if let label = key.adapter { adapterNames.insert(label) }
      if key.part == .original {
        ignored.append(name)
        continue
      }
      if source.spec.shape.contains(0) {
        problem(.emptyAdapterTensor(source.spec, file: source.file))
        if let target = matchedName(key.module + ".weight") { meant.insert(target) }
        continue
      }
      guard source.spec.dtype.isFloatingPoint else {
        problem(.adapterTensorType(source.spec, file: source.file))
        continue
      }
      switch key.part {
      case .factor(let factor):
        guard kind.factors.contains(factor) else {
          problem(
            .unsupportedTensor(
              name, "a tensor of another kind than \(kind.rawValue)", file: source.file))
          continue
        }
        if let first = modules[key.module, default: [:]].updateValue(source, forKey: factor) {
          problem(.landsTwice(name, first.spec.name, file: source.file))
        }
      case .parameter, .baseParameter, .savedParameter: whole.append((source, key))
      case .original: break
      case .unsupported(let what): problem(.unsupportedTensor(name, what, file: source.file))
      }
    }
    if adapterNames.count > 1 {
      problem(.severalAdapters(adapterNames.sorted(), file: adapter.path))
    }
    for (source, key) in whole { placeWhole(source, key) }
    for module in modules.keys.sorted() {
      guard var factors = modules[module] else { continue }
      if let tokens = factors.removeValue(forKey: .tokens) { placeTokens(tokens, module) }
      if factors.isEmpty { continue }
      switch kind {
      case .lora: placeLoRA(factors, module)
      case .loha: placeLoHa(factors, module)
      case .lokr: placeLoKr(factors, module)
      case .ia3: placeIA3(factors, module)
      case .vera: if !module.isEmpty { placeVeRA(factors, module) }
      case .oft: placeOFT(factors, module)
      case .trainableTokens: break
      }
    }
    if shifts.count > 1 { problem(.mixedPrefixes(shifts.values.sorted(), file: adapter.path)) }
  }

  /// The factors of a module, or nil and a problem where one is missing.
  mutating func require(
    _ wanted: [AdapterFactor], of factors: [AdapterFactor: any TensorSource], _ module: String
  ) -> [any TensorSource]? {
    var found: [any TensorSource] = []
    for factor in wanted {
      guard let source = factors[factor] else {
        let other = factors.values.map(\.spec.name).min() ?? module
        problem(
          .halfPair(
            other, missing: factor.rawValue, file: factors.values.first?.file ?? adapter.path))
        return nil
      }
      found.append(source)
    }
    return found
  }

  /// The base's matrix that a module means, where the configuration targets the module.
  mutating func targetMatrix(
    _ module: String, for source: any TensorSource
  ) -> TensorSpec? {
    guard let target = land(source.spec.name, module + ".weight", file: source.file),
      let spec = base[target]
    else { return nil }
    guard rules.isTarget(module) else {
      problem(.notTargeted(source.spec.name, module: module, file: configFile))
      return nil
    }
    guard spec.shape.count == 2, spec.dtype.isFloatingPoint else {
      problem(.notAMatrix(spec, adapterTensor: source.spec.name, file: source.file))
      return nil
    }
    return spec
  }

  /// Records a change; two for one place are a problem.
  mutating func add(
    _ change: TensorChange, to target: String, at place: LowRankDelta.Place? = nil
  ) {
    let isRows = if case .rows = change { true } else { false }
    let source = change.sources[0]
    let claim = Claim(target: target, place: place, isRows: isRows)
    if let first = claims.updateValue(source.spec.name, forKey: claim) {
      return problem(.landsTwice(source.spec.name, first, file: source.file))
    }
    changes[target, default: []].append(change)
  }

  /// The base tensor that `name` means; a failure becomes a problem.
  mutating func land(_ tensor: String, _ name: String, file: String) -> String? {
    switch names.match(name) {
    case .one(let target, let shift):
      meant.insert(target)
      if let shift, shifts[shift] == nil { shifts[shift] = tensor }
      return target
    case .none:
      if let output = landOnTiedOutput(name) { return output }
      problem(.noBaseTensor(tensor, wanted: name, base: base.keys, file: file))
    case .several(let candidates):
      problem(.ambiguousName(tensor, candidates: candidates, file: file))
    }
    return nil
  }

  /// The output matrix of a base that has none, because it is the input embedding.
  private mutating func landOnTiedOutput(_ name: String) -> String? {
    guard name.hasSuffix(".weight"),
      outputMatrices.contains(lastComponent(String(name.dropLast(".weight".count))))
    else { return nil }
    let output = suffixes(of: name).first { $0.split(separator: ".").count == 2 }.map(String.init)
    let embeddings = base.keys.filter { name in
      name.hasSuffix(".weight")
        && inputEmbeddings.contains(lastComponent(String(name.dropLast(".weight".count))))
    }
    guard var output, embeddings.count == 1, let spec = base[embeddings[0]] else { return nil }
    if spec.name.hasSuffix("embed_in.weight") { output = BaseNames.onDisk(output) ?? output }
    meant.insert(output)
    base[output] = TensorSpec(name: output, dtype: spec.dtype, shape: spec.shape)
    tiedOutput = AdapterPlan.TiedOutput(output: output, embedding: spec.name)
    return output
  }

  /// The base tensor that a name means, where it is one.
  func matchedName(_ name: String) -> String? {
    if case .one(let target, _) = names.match(name) { target } else { nil }
  }

  /// Marks a base tensor as meant by the adapter.
  mutating func mean(_ target: String) { meant.insert(target) }

  mutating func problem(_ error: GraftError) {
    findings.append(Finding(.problem, error))
  }

  // MARK: - Everything that the configuration names is there

  mutating func expect() {
    let shifts = shifts.isEmpty ? [BaseNames.Shift()] : Array(shifts.keys)
    func adapterName(_ name: String) -> String? {
      shifts.lazy.compactMap { $0.adapterName(name) }.first
    }
    var targets: [String] = []
    var missing: [String] = []
    var missingBiases: [String] = []
    for spec in base.values.sorted(by: { $0.name < $1.name }) {
      guard let name = adapterName(spec.name) else { continue }
      if spec.shape.count == 2, name.hasSuffix(".weight") {
        let module = String(name.dropLast(".weight".count))
        let isRenamed = spec.name == BaseNames.onDisk("lm_head.weight") && rules.isTarget("lm_head")
        guard rules.isTarget(module) || isRenamed else { continue }
        targets.append(spec.name)
        if !meant.contains(spec.name), !seen.contains(isRenamed ? "lm_head" : module) {
          missing.append(spec.name)
        }
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
    for (name, parameter) in layout.parameters.sorted(by: { $0.key < $1.key }) {
      guard let path = adapterName(name), rules.isTargetParameter(path) else { continue }
      targets.append(name)
      if parameter.pieces.contains(where: { !meant.contains($0.tensor) }) { missing.append(name) }
    }
    let file = adapter.path
    if !missing.isEmpty {
      problem(.targetsMissing(missing, of: targets.count, file: file))
    }
    if !missingBiases.isEmpty { problem(.biasesMissing(missingBiases, file: file)) }
    expectSavedModules()
    expectTokens()
    expectHead()
  }

  /// Without a task type PEFT does not save the head of a classifier, and nothing tells of it.
  private mutating func expectHead() {
    guard adapter.dialect == .peft, adapter.config.taskType == nil,
      !replacements.keys.contains(where: { BaseNames.isHead(String($0.prefix { $0 != "." })) })
    else { return }
    findings.append(Finding(.warning, .taskUnknown(file: configFile)))
  }

  /// Each module saved whole is there; of the two names of a head, one is.
  private mutating func expectSavedModules() {
    let present = Set(replacements.keys).union(meant).map { name in
      name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
    }
    func isPresent(_ module: String) -> Bool {
      present.contains { path in
        suffixes(of: path).contains { $0 == module } || path == BaseNames.onDisk(module)
      }
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
}

/// The names of output matrices over a vocabulary.
let outputMatrices: Set = ["lm_head", "embed_out", "output"]
/// The names of input embeddings.
let inputEmbeddings: Set = ["embed_tokens", "wte", "embed_in", "tok_embeddings", "word_embeddings"]

extension BaseNames {
  /// Whether a module may be new to the base: a head at the top of the model.
  static func isHead(_ module: String) -> Bool {
    [
      "score", "classifier", "v_head", "v_head.summary", "value_head", "reward_head",
      "regression_head", "score_head",
    ].contains(module)
  }
}
