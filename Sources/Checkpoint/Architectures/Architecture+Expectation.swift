public import Diagnostics

extension Architecture {
  /// The tensors that a checkpoint of this family holds.
  ///
  /// - Parameters:
  ///   - config: its config.json.
  ///   - role: what it is used as.
  ///   - experts: how the matrices of experts lie in the file.
  /// - Throws: ``GraftError`` if config.json lacks what the shapes depend on.
  public func expectedTensors(
    _ config: ModelConfig, role: ModelRole, experts: ExpertLayout = .perExpert
  ) throws(GraftError) -> [ExpectedTensor] {
    let prefix = role == .backbone ? "" : backbonePrefix
    var expected: [ExpectedTensor] = []
    for rule in rules where rule.layout == nil || rule.layout == experts {
      let names = try names(rule, config)
      if names.isEmpty { continue }
      // The shape is read once: a mixture has thousands of experts' matrices.
      var tensor = try rule.tensor("", config)
      for name in names {
        tensor.name = prefix + name
        expected.append(tensor)
      }
    }
    return expected + (try headTensors(config, role))
  }

  /// The tensors of all experts, with the matrices that they are made of; empty where the family
  /// has no experts.
  ///
  /// - Throws: ``GraftError`` if config.json lacks what the shapes depend on.
  public func expertParameters(
    _ config: ModelConfig, role: ModelRole = .causal
  ) throws(GraftError) -> [ExpertParameter] {
    let prefix = role == .backbone ? "" : backbonePrefix
    var parameters: [ExpertParameter] = []
    for rule in rules where !rule.members.isEmpty {
      let layers = try layers(rule, config)
      if layers.isEmpty { continue }
      let shape = try rule.tensor("", config).shape
      try Self.limit(experts: shape[0], layers: layers.count, config)
      for layer in layers {
        let members = (0..<shape[0]).map { expert in
          rule.members.map { prefix + Self.fill(Self.fill($0, layer), expert) }
        }
        parameters.append(
          ExpertParameter(
            name: prefix + Self.fill(rule.name, layer), shape: shape, members: members))
      }
    }
    return parameters
  }

  /// The tensors that have one name beside fused experts and another beside separate ones.
  ///
  /// - Throws: ``GraftError`` if config.json lacks what the names depend on.
  func layoutRenames(
    _ config: ModelConfig
  ) throws(GraftError) -> [(perExpert: String, fused: String)] {
    func others(_ layout: ExpertLayout) throws(GraftError) -> [String] {
      var out: [String] = []
      for rule in rules where rule.layout == layout && rule.kind != .expert {
        out += try names(rule, config).map { backbonePrefix + $0 }
      }
      return out
    }
    return Array(zip(try others(.perExpert), try others(.fused)))
  }

  /// The ends of the names of fused experts.
  var fusedExpertEnds: [Substring] {
    rules.compactMap { rule in
      guard !rule.members.isEmpty, let star = rule.name.lastIndex(of: "*") else { return nil }
      return rule.name[rule.name.index(after: star)...]
    }
  }

  /// Whether files of this family may hold experts in either layout.
  public var hasExperts: Bool { rules.contains { !$0.members.isEmpty } }

  private func headTensors(
    _ config: ModelConfig, _ role: ModelRole
  ) throws(GraftError) -> [ExpectedTensor] {
    switch role {
    case .backbone: return []
    case .causal:
      let tied = try config.tiesEmbeddings
      return [
        ExpectedTensor(
          name: outputName, shape: [try config.vocabularySize, try config.hiddenSize],
          kind: .output, isOptional: tied)
      ]
    case .sequenceClassifier(let labels):
      return [
        ExpectedTensor(name: "score.weight", shape: [labels, try config.hiddenSize], kind: .head)
      ]
    case .tokenClassifier(let labels):
      var head = [
        ExpectedTensor(
          name: "\(tokenHead).weight", shape: [labels, try config.hiddenSize], kind: .head)
      ]
      if try config.flag("token_classification_bias", default: true) {
        head.append(ExpectedTensor(name: "\(tokenHead).bias", shape: [labels], kind: .head))
      }
      return head
    }
  }

  /// The layers in which a rule holds; one that stands for none is layer 0.
  private func layers(_ rule: Rule, _ config: ModelConfig) throws(GraftError) -> [Int] {
    let count = try config.layerCount
    guard count <= 10_000 else { throw .tooManyLayers(count, file: config.file) }
    switch rule.condition {
    case .flag(let key):
      guard try config.flag(key, default: false) else { return [] }
    case .sparseLayer:
      let sparse = try config.sparseLayers
      return (0..<count).filter(sparse.contains)
    case .denseLayer:
      let sparse = try config.sparseLayers
      return (0..<count).filter { !sparse.contains($0) }
    case nil: break
    }
    return rule.name.contains("*") ? Array(0..<count) : [0]
  }

  private func names(_ rule: Rule, _ config: ModelConfig) throws(GraftError) -> [String] {
    let perLayer = try layers(rule, config).map { Self.fill(rule.name, $0) }
    guard let first = perLayer.first, first.contains("*") else { return perLayer }
    let experts = try config.expertCount
    try Self.limit(experts: experts, layers: perLayer.count, config)
    return perLayer.flatMap { name in (0..<experts).map { Self.fill(name, $0) } }
  }

  /// Bounds what a configuration can make a table list.
  private static func limit(
    experts: Int, layers: Int, _ config: ModelConfig
  ) throws(GraftError) {
    guard experts * layers <= 200_000 else {
      throw .tooManyExperts(experts, layers: layers, file: config.file)
    }
  }

  /// Puts a number in the place of the first `*`.
  private static func fill(_ pattern: String, _ number: Int) -> String {
    guard let star = pattern.firstIndex(of: "*") else { return pattern }
    return "\(pattern[..<star])\(number)\(pattern[pattern.index(after: star)...])"
  }
}

extension Architecture.Rule {
  /// The tensor that the rule describes, under a name.
  fileprivate func tensor(
    _ name: String, _ config: ModelConfig
  ) throws(GraftError) -> ExpectedTensor {
    var shape: [Int] = []
    for extent in self.shape { shape.append(try extent.value(config)) }
    var parts: [ExpectedTensor.Part] = []
    for part in self.parts {
      let count = try part.count.value(config)
      let group = try part.groupCount?.value(config)
      parts.append(ExpectedTensor.Part(name: part.name, count: count, groupCount: group ?? count))
    }
    return ExpectedTensor(
      name: name, shape: shape, kind: kind, isTransposed: isTransposed, parts: parts)
  }
}
