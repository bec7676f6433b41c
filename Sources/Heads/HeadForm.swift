/// A way to store a model with a head, as some tool reads it.
public enum HeadForm: String, Sendable, CaseIterable {
  /// `score.weight` in the weights of a `...ForSequenceClassification`: transformers, TRL's
  /// RewardTrainer, and OpenRLHF.
  case score
  /// `score.weight` and `score.bias` in a `...ForTokenClassification`: LLaMA-Factory 1.
  case tokenClassifier = "token-classifier"
  /// `v_head.summary` in value_head.safetensors beside a `...ForCausalLM`: LLaMA-Factory.
  case valueHead = "v_head"
  /// `v_head.summary` among the weights of a `...ForCausalLM`: TRL's value-head model.
  case trl
  /// As ``score``, and config.json names the head in `value_head_prefix`: OpenRLHF.
  case openRLHF = "openrlhf"
  /// The same with `value_head.weight`: OpenRLHF's older checkpoints.
  case oldOpenRLHF = "value_head"
  /// `score.0` and `score.2` with a ReLU between them, in a `...ForRewardModel`: Qwen's reward
  /// models, vLLM.
  case rewardModel = "reward-model"

  /// The module that holds the head.
  public var module: String {
    switch self {
    case .score, .tokenClassifier, .openRLHF, .rewardModel: HeadKind.score.module
    case .valueHead, .trl: HeadKind.valueHead.module
    case .oldOpenRLHF: "value_head"
    }
  }

  /// Whether it has a bias; it then needs one, if of zero.
  public var hasBias: Bool {
    switch self {
    case .tokenClassifier, .valueHead, .trl, .rewardModel: true
    case .score, .openRLHF, .oldOpenRLHF: false
    }
  }

  /// Whether the model under it is a language model with its output matrix.
  public var isCausal: Bool { self == .valueHead || self == .trl }

  /// Whether its reader knows heads of one score only.
  var isScalar: Bool {
    switch self {
    case .score, .tokenClassifier, .rewardModel: false
    case .valueHead, .trl, .openRLHF, .oldOpenRLHF: true
    }
  }

  /// What follows the family's name in the class name.
  var classSuffix: String {
    switch self {
    case .score, .openRLHF, .oldOpenRLHF: "ForSequenceClassification"
    case .tokenClassifier: "ForTokenClassification"
    case .valueHead, .trl: "ForCausalLM"
    case .rewardModel: "ForRewardModel"
    }
  }

  /// `value_head_prefix` in config.json, given whether there was one.
  func prefix(declared: Bool) -> String? {
    switch self {
    case .openRLHF, .oldOpenRLHF: module
    case .score, .tokenClassifier: declared ? module : nil
    case .valueHead, .trl, .rewardModel: nil
    }
  }
}
