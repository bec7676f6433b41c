public import StrictJSON

/// What a PEFT `adapter_config.json` says about an adapter.
///
/// Defaults are PEFT's own, so that files of old versions, which lack most keys, mean the same.
/// Source: PEFT 0.21, the `config.py` of the tuners.
public struct AdapterConfig: Sendable, Equatable {
  /// Which biases of the base were trained and stand in the adapter.
  public enum Bias: String, Sendable {
    case none
    case all
    /// Only those of the targeted modules.
    case loraOnly = "lora_only"
  }

  /// A value that holds for the modules whose path matches a regular expression.
  public struct PatternValue<Value: Sendable & Equatable>: Sendable, Equatable {
    /// The expression; it must match the path's end, from a dot on.
    public var pattern: String
    /// The value.
    public var value: Value

    /// Creates an entry.
    public init(_ pattern: String, _ value: Value) {
      self.pattern = pattern
      self.value = value
    }
  }

  /// Rows of an embedding that were trained by themselves.
  public struct TrainedTokens: Sendable, Equatable {
    /// The embedding's name, or nil for the input embedding.
    public var module: String?
    /// The rows, in the order of the values in the file.
    public var ids: [Int]
  }

  /// The kind of adapter by PEFT's name, as in "LORA".
  public var peftType = "LORA"
  /// "SEQ_CLS" for reward models, "CAUSAL_LM", ...; nil where not said.
  public var taskType: String?
  /// The base model's name or path, as the trainer knew it.
  public var baseModel: String?
  /// The rank of A and B where ``rankPattern`` says nothing else.
  public var rank = 8
  /// The numerator of the scale where ``alphaPattern`` says nothing else.
  public var alpha = 8.0
  /// Whether the scale is alpha / √rank instead of alpha / rank (rsLoRA).
  public var usesRankStabilizedScale = false
  /// The dropout in training; merging does not use it.
  public var dropout = 0.0
  /// The modules that carry A and B.
  public var targetModules: ModuleSelection = .names([])
  /// Modules that do not, although ``targetModules`` means them.
  public var excludedModules: ModuleSelection?
  /// The only layers that carry A and B, or nil for all.
  public var layers: [Int]?
  /// The names that stand before a layer's number, for ``layers``.
  public var layersPattern: [String] = []
  /// Modules that were trained whole and replace the base's.
  public var modulesToSave: [String] = []
  /// Where IA3 scales inputs instead of outputs.
  public var feedforwardModules: ModuleSelection?
  /// Parameters of modules that carry A and B, as in "mlp.experts.gate_up_proj".
  public var targetParameters: [String] = []
  /// Embedding rows that replace the base's.
  public var trainedTokens: [TrainedTokens] = []
  /// Biases that replace the base's.
  public var bias = Bias.none
  /// Ranks of single modules; the first match counts.
  public var rankPattern: [PatternValue<Int>] = []
  /// Alphas of single modules; the first match counts.
  public var alphaPattern: [PatternValue<Double>] = []
  /// Every member as it was read; empty for a new configuration.
  public var json = JSONObject()
  /// The file it was read from, or nil.
  public var file: String?

  /// The kind, where it is one that can be folded into weights here.
  public var kind: AdapterKind? { AdapterKind(rawValue: peftType.uppercased()) }

  /// Creates the configuration of a new LoRA adapter.
  public init(
    rank: Int, alpha: Double, targetModules: [String], modulesToSave: [String] = [],
    usesRankStabilizedScale: Bool = false, dropout: Double = 0, taskType: String? = nil,
    baseModel: String? = nil
  ) {
    self.rank = rank
    self.alpha = alpha
    self.targetModules = .names(targetModules)
    self.modulesToSave = modulesToSave
    self.usesRankStabilizedScale = usesRankStabilizedScale
    self.dropout = dropout
    self.taskType = taskType
    self.baseModel = baseModel
  }

  /// The modules that are saved whole: ``modulesToSave``, and for a sequence classifier the two
  /// names of a head that PEFT adds at load.
  public var savedModules: [String] {
    guard taskType == "SEQ_CLS" else { return modulesToSave }
    return modulesToSave + headModules.filter { !modulesToSave.contains($0) }
  }

  /// The factor of B·A for a module of this rank and alpha.
  public func scale(rank: Int, alpha: Double) -> Double {
    usesRankStabilizedScale ? alpha / Double(rank).squareRoot() : alpha / Double(rank)
  }
}

/// The names that a classification head has in transformers.
let headModules = ["classifier", "score"]
