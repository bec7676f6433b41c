import Diagnostics

extension Architecture {
  /// One tensor, or one per layer where the name holds a `*`, or one per layer and expert where it
  /// holds two.
  struct Rule: Sendable {
    /// The name within the backbone.
    var name: String
    var shape: [Extent]
    var kind: ExpectedTensor.Kind
    var condition: Condition?
    /// The layout of experts that the tensor belongs to; nil for both.
    var layout: ExpertLayout?
    /// Whether it is stored `[in, out]`; `shape` says how it is stored.
    var isTransposed = false
    var parts: [PartRule] = []
    /// For a fused tensor of experts: the per-expert rules that it is made of.
    var members: [String] = []

    init(
      _ name: String, _ shape: [Extent], _ kind: ExpectedTensor.Kind,
      if condition: Condition? = nil,
      layout: ExpertLayout? = nil
    ) {
      self.name = name
      self.shape = shape
      self.kind = kind
      self.condition = condition
      self.layout = layout
    }

    /// The rule with its tensor stored `[in, out]`.
    var transposed: Rule {
      var rule = self
      rule.isTransposed = true
      return rule
    }

    /// The rule of a matrix that several were put into.
    func fusing(_ parts: PartRule...) -> Rule {
      var rule = self
      rule.parts = parts
      return rule
    }

    /// The rule of a three-dimensional tensor that these per-expert rules were put into.
    func stacking(_ members: String...) -> Rule {
      var rule = self
      rule.members = members
      rule.layout = .fused
      return rule
    }
  }

  /// A part of a fused matrix; see ``ExpectedTensor/Part``.
  struct PartRule: Sendable {
    var name: String
    var count: Extent
    var groupCount: Extent?

    init(_ name: String, _ count: Extent, groups groupCount: Extent? = nil) {
      self.name = name
      self.count = count
      self.groupCount = groupCount
    }
  }

  /// An extent of a shape, by its meaning.
  indirect enum Extent: Sendable {
    case one, hidden, intermediate, vocabulary, positions
    /// Query heads times head width.
    case queries
    /// Key-value heads times head width.
    case keyValues
    /// The width of one head.
    case head
    /// Query heads per key-value head, times head width.
    case queryGroup
    case experts
    /// The width inside one expert.
    case expertIntermediate
    /// The width inside the expert that every token passes.
    case sharedIntermediate
    case times(Int, Extent)
    case sum([Extent])

    func value(_ config: ModelConfig) throws(GraftError) -> Int {
      switch self {
      case .one: return 1
      case .hidden: return try config.hiddenSize
      case .intermediate: return try config.intermediateSize
      case .vocabulary: return try config.vocabularySize
      case .positions: return try config.count("max_position_embeddings")
      case .queries: return try config.headCount * config.headDimension
      case .keyValues: return try config.keyValueHeadCount * config.headDimension
      case .head: return try config.headDimension
      case .queryGroup:
        return try config.headCount / config.keyValueHeadCount * config.headDimension
      case .experts: return try config.expertCount
      case .expertIntermediate: return try config.count("moe_intermediate_size")
      case .sharedIntermediate: return try config.count("shared_expert_intermediate_size")
      case .times(let factor, let extent): return try factor * extent.value(config)
      case .sum(let extents):
        var sum = 0
        for extent in extents { sum += try extent.value(config) }
        return sum
      }
    }
  }

  /// When a tensor exists.
  enum Condition: Sendable, Hashable {
    /// Where this key of config.json is true.
    case flag(String)
    /// In layers that have experts: every `decoder_sparse_step`th that `mlp_only_layers` does not
    /// name.
    case sparseLayer
    /// In the other layers.
    case denseLayer
  }
}

extension Architecture.Rule {
  /// q, k, v and o, with the condition under which q, k and v, or all four, have biases.
  static func attention(
    bias: Architecture.Condition? = nil, hasBias: Bool = false, outputBias: Bool = true
  ) -> [Self] {
    let module = "layers.*.self_attn"
    let projections: [(String, [Architecture.Extent])] = [
      ("q_proj", [.queries, .hidden]), ("k_proj", [.keyValues, .hidden]),
      ("v_proj", [.keyValues, .hidden]), ("o_proj", [.hidden, .queries]),
    ]
    var rules = projections.map { Self("\(module).\($0).weight", $1, .linear) }
    guard bias != nil || hasBias else { return rules }
    for (name, shape) in projections where outputBias || name != "o_proj" {
      rules.append(Self("\(module).\(name).bias", [shape[0]], .linear, if: bias))
    }
    return rules
  }

  /// gate, up and down, within `module`.
  static func gatedMLP(
    _ module: String = "layers.*.mlp", width: Architecture.Extent = .intermediate,
    if condition: Architecture.Condition? = nil, bias: Architecture.Condition? = nil
  ) -> [Self] {
    let projections: [(String, [Architecture.Extent])] = [
      ("gate_proj", [width, .hidden]), ("up_proj", [width, .hidden]),
      ("down_proj", [.hidden, width]),
    ]
    var rules = projections.map { Self("\(module).\($0).weight", $1, .linear, if: condition) }
    guard let bias else { return rules }
    for (name, shape) in projections {
      rules.append(Self("\(module).\(name).bias", [shape[0]], .linear, if: bias))
    }
    return rules
  }

  /// Experts with gate, up and down under `module` in both layouts.
  static func experts(
    if condition: Architecture.Condition? = nil, width: Architecture.Extent,
    module: String = "layers.*.mlp.experts", fusedModule: String = "layers.*.mlp.experts",
    gate: String = "gate_proj", up: String = "up_proj", down: String = "down_proj"
  ) -> [Self] {
    let names = [gate, up, down].map { "\(module).*.\($0).weight" }
    return [
      Self(names[0], [width, .hidden], .expert, if: condition, layout: .perExpert),
      Self(names[1], [width, .hidden], .expert, if: condition, layout: .perExpert),
      Self(names[2], [.hidden, width], .expert, if: condition, layout: .perExpert),
      Self(
        "\(fusedModule).gate_up_proj", [.experts, .times(2, width), .hidden], .expert, if: condition
      ).stacking(names[0], names[1]),
      Self("\(fusedModule).down_proj", [.experts, .hidden, width], .expert, if: condition)
        .stacking(names[2]),
    ]
  }

  /// Norms of the residual stream's width, one per layer and name.
  static func norms(_ names: String...) -> [Self] {
    names.map { Self("layers.*.\($0).weight", [.hidden], .norm) }
  }
}
