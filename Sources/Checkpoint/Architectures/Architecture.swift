import StrictJSON

/// A model family as data: which tensors it has, of which shapes, under which names.
///
/// One table is read in every direction: what a checkpoint must hold, which names a merge writes,
/// which modules are linear layers and how they lie in the file. A new family is a new table; see
/// `Architecture+Llama`.
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
  /// The head of the token classifier, as in "score" or "classifier"; it has a bias.
  public let tokenHead: String
  /// Class names that do not follow from ``className``.
  let classNames: ClassNames
  /// config.json's own keys for what most families call otherwise: "hidden_size" is "n_embd".
  let aliases: [String: String]
  /// What the family's configuration class takes for keys that config.json lacks.
  let defaults: [String: JSONValue]
  /// The ends of the names of tensors that old versions saved and every version computes again.
  let buffers: [String]
  let rules: [Rule]

  /// The names of classes that break the pattern.
  struct ClassNames: Sendable {
    var backbone: String?
    var causal: String?
    var sequenceClassifier: String?
  }

  init(
    modelType: String, className: String, classNames: ClassNames = ClassNames(),
    backbonePrefix: String = "model.", output: String = "lm_head.weight",
    embedding: String = "embed_tokens.weight", tokenHead: String = "score",
    aliases: [String: String] = [:], defaults: [String: JSONValue] = [:],
    buffers: [String] = [".rotary_emb.inv_freq"], rules: [Rule]
  ) {
    self.modelType = modelType
    self.className = className
    self.classNames = classNames
    self.backbonePrefix = backbonePrefix
    outputName = output
    embeddingName = backbonePrefix + embedding
    self.tokenHead = tokenHead
    self.aliases = aliases
    self.defaults = defaults
    self.buffers = buffers
    self.rules = rules
  }

  /// All families that Graft knows.
  public static let all: [Architecture] = [
    .llama, .mistral, .qwen2, .qwen2Moe, .qwen3, .qwen3Moe, .gemma2, .gemma3Text, .phi3, .mixtral,
    .internLM2, .olmo2, .gpt2, .gptNeoX,
  ]

  /// The family of this `model_type`, or nil.
  public static func named(_ modelType: String) -> Architecture? { byName[modelType] }

  private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.modelType, $0) })

  /// The class name for a role, as in "LlamaForSequenceClassification".
  public func className(for role: ModelRole) -> String {
    switch role {
    case .backbone: classNames.backbone ?? "\(className)Model"
    case .causal: classNames.causal ?? "\(className)ForCausalLM"
    case .sequenceClassifier:
      classNames.sequenceClassifier ?? "\(className)ForSequenceClassification"
    case .tokenClassifier: "\(className)ForTokenClassification"
    }
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

  /// Whether a tensor may be dropped without loss: buffers that old versions saved and every
  /// version computes again.
  public func isRecomputedBuffer(_ name: String) -> Bool {
    buffers.contains { name.hasSuffix($0) }
  }
}
