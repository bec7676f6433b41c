public import Diagnostics

/// A model family as data: which tensors it has, of which shapes, under which names.
///
/// One table is read in every direction: what a checkpoint must hold, which names a merge writes,
/// which modules "all linear layers" means. A new family is a new table; see `Architecture+Llama`.
public struct Architecture: Sendable {
  /// `model_type` in config.json.
  public let modelType: String
  /// The stem of the class names, as in "Llama" of "LlamaForCausalLM".
  public let className: String
  /// What stands before the backbone's names inside a model with a head, as in "model.".
  public let backbonePrefix: String
  /// The output matrix of the causal model.
  public let outputName: String
  /// The input embedding, with the prefix.
  public let embeddingName: String
  let rules: [Rule]

  /// One tensor, or one per layer where the name holds a `*`.
  struct Rule: Sendable {
    /// The name within the backbone.
    var name: String
    var shape: [Extent]
    var kind: ExpectedTensor.Kind
    /// The key in config.json that must be true for the tensor to exist.
    var condition: String?

    init(
      _ name: String, _ shape: [Extent], _ kind: ExpectedTensor.Kind, if condition: String? = nil
    ) {
      self.name = name
      self.shape = shape
      self.kind = kind
      self.condition = condition
    }
  }

  /// An extent of a shape, by its meaning.
  enum Extent: Sendable {
    case hidden, intermediate, vocabulary
    /// Query heads times head width.
    case queries
    /// Key-value heads times head width.
    case keyValues

    func value(_ config: ModelConfig) throws(GraftError) -> Int {
      switch self {
      case .hidden: try config.hiddenSize
      case .intermediate: try config.intermediateSize
      case .vocabulary: try config.vocabularySize
      case .queries: try config.headCount * config.headDimension
      case .keyValues: try config.keyValueHeadCount * config.headDimension
      }
    }
  }

  /// All families that Graft knows.
  public static let all: [Architecture] = [.llama]

  /// The family of this `model_type`, or nil.
  public static func named(_ modelType: String) -> Architecture? {
    all.first { $0.modelType == modelType }
  }

  /// The tensors that a checkpoint of this family holds.
  ///
  /// - Throws: ``GraftError`` if config.json lacks what the shapes depend on.
  public func expectedTensors(
    _ config: ModelConfig, role: ModelRole
  ) throws(GraftError) -> [ExpectedTensor] {
    let prefix = role == .backbone ? "" : backbonePrefix
    let layers = try config.layerCount
    guard layers <= 10_000 else { throw .tooManyLayers(layers, file: config.file) }
    var expected: [ExpectedTensor] = []
    for rule in rules {
      if let condition = rule.condition, !(try config.flag(condition, default: false)) { continue }
      var shape: [Int] = []
      for extent in rule.shape { shape.append(try extent.value(config)) }
      for name in rule.name.contains("*") ? Self.expand(rule.name, layers) : [rule.name] {
        expected.append(ExpectedTensor(name: prefix + name, shape: shape, kind: rule.kind))
      }
    }
    switch role {
    case .backbone: break
    case .causal:
      let tied = try config.tiesEmbeddings
      expected.append(
        ExpectedTensor(
          name: outputName, shape: [try config.vocabularySize, try config.hiddenSize],
          kind: .output, isOptional: tied))
    case .sequenceClassifier(let labels):
      expected.append(
        ExpectedTensor(name: "score.weight", shape: [labels, try config.hiddenSize], kind: .head))
    }
    return expected
  }

  /// The last name components of the linear layers inside the backbone, as in "q_proj".
  public var linearModules: [String] {
    var seen: [String] = []
    for rule in rules where rule.kind == .linear && rule.name.hasSuffix(".weight") {
      let module = String(rule.name.dropLast(".weight".count).split(separator: ".").last ?? "")
      if !seen.contains(module) { seen.append(module) }
    }
    return seen
  }

  /// The class name for a role, as in "LlamaForSequenceClassification".
  public func className(for role: ModelRole) -> String {
    switch role {
    case .backbone: "\(className)Model"
    case .causal: "\(className)ForCausalLM"
    case .sequenceClassifier: "\(className)ForSequenceClassification"
    }
  }

  /// Whether a tensor may be dropped in silence: buffers that old versions saved and every version
  /// computes again.
  public func isRecomputedBuffer(_ name: String) -> Bool { name.hasSuffix(".rotary_emb.inv_freq") }

  private static func expand(_ pattern: String, _ layers: Int) -> [String] {
    let parts = pattern.split(separator: "*", maxSplits: 1, omittingEmptySubsequences: false)
    return (0..<layers).map { "\(parts[0])\($0)\(parts[1])" }
  }
}

/// What a checkpoint is to be used as.
public enum ModelRole: Sendable, Hashable {
  /// Hidden states only, names without a prefix (AutoModel).
  case backbone
  /// A language model.
  case causal
  /// A model with a `score` head of this many outputs; one output is a reward model.
  case sequenceClassifier(labels: Int)
}

/// A tensor that a model of some family and configuration must have.
public struct ExpectedTensor: Sendable, Hashable {
  /// What part of a model it is.
  public enum Kind: Sendable { case embedding, linear, norm, output, head }

  /// The full name.
  public var name: String
  /// The shape, outermost first.
  public var shape: [Int]
  /// What it is.
  public var kind: Kind
  /// Whether a checkpoint may lack it (an output matrix that is tied to the embedding).
  public var isOptional: Bool

  /// Expects a tensor.
  public init(name: String, shape: [Int], kind: Kind, isOptional: Bool = false) {
    self.name = name
    self.shape = shape
    self.kind = kind
    self.isOptional = isOptional
  }
}
