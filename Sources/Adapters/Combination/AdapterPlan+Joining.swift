import Checkpoint
public import Diagnostics
public import TensorCore

extension AdapterCombination {
  /// What several adapters together do to a base.
  ///
  /// - Parameters:
  ///   - base: the base's tensors.
  ///   - baseIsResidual: as for ``AdapterPlan/init(_:base:baseIsResidual:)``.
  /// - Throws: ``GraftError`` if a setting means nothing, or the adapters cannot be combined so.
  ///   What is wrong with one of the adapters is in the plan's findings.
  public func plan(
    _ adapters: [Adapter], base: [TensorSpec], baseIsResidual: Bool = false
  ) throws(GraftError) -> AdapterPlan {
    let weights = try checkedWeights(for: adapters.count)
    let plans = adapters.map { AdapterPlan($0, base: base, baseIsResidual: baseIsResidual) }
    guard !isPlain || plans.count > 1 else { return plans[0] }
    guard method == .sum else { return try combined(plans, weights, base).plan }
    return try AdapterPlan(joining: plans, weights: weights)
  }

  /// Several adapters as one, which PEFT can load.
  ///
  /// - Parameter base: the base's tensors; nil for those that the adapters' own tensors imply.
  /// - Throws: ``GraftError`` as ``plan(_:base:)``, and for anything wrong with one of them.
  public func adapter(
    _ adapters: [Adapter], base: [TensorSpec]? = nil
  ) throws(GraftError) -> Adapter {
    let weights = try checkedWeights(for: adapters.count)
    var specs: [String: TensorSpec] = [:]
    for spec in base ?? adapters.flatMap(\.impliedBase) { specs[spec.name] = spec }
    let sorted = specs.values.sorted { $0.name < $1.name }
    let plans = adapters.map { AdapterPlan($0, base: sorted) }
    return try combined(plans, weights, sorted).adapter
  }

  /// Pairs of A and B, computed when they are read, under the names of the base.
  private func combined(
    _ plans: [AdapterPlan], _ weights: [Double], _ base: [TensorSpec]
  ) throws(GraftError) -> (adapter: Adapter, plan: AdapterPlan) {
    var terms: [String: [(delta: LowRankDelta, weight: Double)]] = [:]
    for (plan, weight) in zip(plans, weights) {
      try plan.check()
      for (name, steps) in plan.changes {
        guard steps.count == 1, let delta = steps[0].plainDelta else {
          throw .notAPair(
            steps.map(\.how).joined(separator: ", then "), tensor: name, method: method,
            file: plan.adapter.path)
        }
        terms[name, default: []].append((delta, weight))
      }
    }
    let largest = terms.values.flatMap { $0.map(\.delta.rank) }.max() ?? 1
    let replacements = try AdapterPlan.joinedReplacements(plans)
    var tensors: [any TensorSource] = []
    var ranks: [String: Int] = [:]
    for (name, deltas) in terms.sorted(by: { $0.key < $1.key }) {
      let pair = try CombinedPair(name, deltas, self, largestRank: largest)
      let names = AdapterWriter.names(for: name)
      tensors.append(pair.source(.a, name: names.a))
      tensors.append(pair.source(.b, name: names.b))
      ranks[Self.module(name)] = pair.rank
    }
    for (name, source) in replacements.sorted(by: { $0.key < $1.key }) {
      tensors.append(RenamedSource(source, as: AdapterWriter.replacementName(for: name)))
    }
    let path = plans.map(\.adapter.path).joined(separator: " + ")
    let adapter = Adapter(
      path: path, config: try config(plans, ranks, Array(replacements.keys)),
      store: try TensorStore(tensors, files: []))
    var plan = AdapterPlan(adapter, base: base)
    plan.adapters = plans.map(\.adapter)
    plan.ignored = plans.flatMap(\.ignored)
    return (adapter, plan)
  }

  private func config(
    _ plans: [AdapterPlan], _ ranks: [String: Int], _ replaced: [String]
  ) throws(GraftError) -> AdapterConfig {
    let first = plans[0].adapter.config
    let largest = ranks.values.max() ?? 1
    var config = AdapterConfig(
      rank: largest, alpha: Double(largest), targetModules: ranks.keys.sorted(),
      taskType: plans.lazy.compactMap(\.adapter.config.taskType).first, baseModel: first.baseModel)
    config.modulesToSave = Set(replaced.map(Self.module)).sorted()
    for (module, rank) in ranks.sorted(by: { $0.key < $1.key }) where rank != largest {
      config.rankPattern.append(AdapterConfig.PatternValue(module, rank))
      config.alphaPattern.append(AdapterConfig.PatternValue(module, Double(rank)))
    }
    return try AdapterConfig(config.written, file: plans[0].adapter.config.file ?? "")
  }

  private static func module(_ tensor: String) -> String {
    tensor.lastIndex(of: ".").map { String(tensor[..<$0]) } ?? tensor
  }
}

extension AdapterPlan {
  /// Plans one after the other: the changes of each tensor in the order of the adapters.
  init(joining plans: [AdapterPlan], weights: [Double]) throws(GraftError) {
    self = plans[0]
    adapters = plans.map(\.adapter)
    replacements = try Self.joinedReplacements(plans)
    additions = plans.reduce(into: []) { $0.formUnion($1.additions) }
    ignored = plans.flatMap(\.ignored)
    findings = plans.flatMap(\.findings)
    tiedOutput = plans.lazy.compactMap(\.tiedOutput).first
    changes = [:]
    for (plan, weight) in zip(plans, weights) {
      for (name, steps) in plan.changes {
        for step in steps {
          guard let weighted = step.weighted(by: weight) else {
            throw .weightOfChange(step.how, tensor: name, file: plan.adapter.path)
          }
          changes[name, default: []].append(weighted)
        }
      }
    }
  }

  /// What the adapters replace; a tensor that two of them replace must be the same in both.
  static func joinedReplacements(
    _ plans: [AdapterPlan]
  ) throws(GraftError) -> [String: any TensorSource] {
    var out: [String: any TensorSource] = [:]
    for plan in plans {
      for (name, source) in plan.replacements {
        if let other = out[name], !(try haveEqualBytes(other, source)) {
          throw .replacedByTwo(name, first: other.file, second: source.file)
        }
        out[name] = source
      }
    }
    return out
  }
}

extension TensorChange {
  /// The change times a weight; nil where only a weight of 1 has a meaning.
  func weighted(by weight: Double) -> TensorChange? {
    if weight == 1 { return self }
    switch self {
    case .lowRank(var delta):
      delta.scale *= weight
      return .lowRank(delta)
    case .hadamard(var delta):
      delta.scale *= weight
      return .hadamard(delta)
    case .kronecker(var delta):
      delta.scale *= weight
      return .kronecker(delta)
    case .added(let vector, let scale): return .added(vector, scale: scale * weight)
    case .weightDecomposed, .vectors, .scaled, .rotated, .rows: return nil
    }
  }
}
