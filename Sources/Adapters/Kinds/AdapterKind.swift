/// The kinds of PEFT adapters that can be folded into the base's weights here.
public enum AdapterKind: String, Sendable {
  /// LoRA, with rsLoRA, DoRA and what else its configuration switches on.
  case lora = "LORA"
  case loha = "LOHA"
  case lokr = "LOKR"
  case ia3 = "IA3"
  case vera = "VERA"
  case oft = "OFT"
  case trainableTokens = "TRAINABLE_TOKENS"

  /// Whether "r" is a rank of at least 1.
  var hasRank: Bool { self != .ia3 && self != .oft && self != .trainableTokens }

  /// The rank where none is given.
  var defaultRank: Int { self == .vera ? 256 : 8 }

  /// The key of the scale's numerator.
  var alphaKey: String { self == .lora ? "lora_alpha" : "alpha" }

  /// The value of "bias" that means those of the targeted modules.
  var biasOnly: String { "\(rawValue.lowercased())_only" }

  /// What a module of this kind may carry.
  var factors: Set<AdapterFactor> {
    switch self {
    case .lora:
      [.loraA, .loraB, .loraBBias, .embeddingA, .embeddingB, .magnitude, .tokens]
    case .loha: [.hadaW1A, .hadaW1B, .hadaW2A, .hadaW2B, .hadaT1, .hadaT2, .tokens]
    case .lokr: [.lokrW1, .lokrW1A, .lokrW1B, .lokrW2, .lokrW2A, .lokrW2B, .lokrT2, .tokens]
    case .ia3: [.ia3, .tokens]
    case .vera: [.veraA, .veraB, .veraD, .veraLambdaB, .tokens]
    case .oft: [.oftR, .tokens]
    case .trainableTokens: [.tokens]
    }
  }
}

/// Why adapters of other kinds are not merged.
enum UnfoldableKind {
  /// The reason in words, by PEFT's name of the kind.
  static func reason(_ type: String) -> String {
    switch type.uppercased() {
    case "PROMPT_TUNING", "MULTITASK_PROMPT_TUNING", "P_TUNING", "PREFIX_TUNING", "CPT",
      "ADAPTION_PROMPT", "CARTRIDGE":
      "it learns inputs that stand before the prompt, which no weight of the model can hold"
    case "XLORA", "POLY":
      "it mixes several adapters anew for every input, which no single weight can hold"
    case "ADALORA": "this version does not compute it; AdaLoRA scales each rank by a trained value"
    case "BOFT", "HRA", "FOURIERFT", "VBLORA", "RANDLORA", "BONE", "MISS", "LN_TUNING", "SHIRA",
      "C3A", "ROAD", "DELORA", "GRALORA", "WAVEFT", "OSF", "PVERA", "TINYLORA", "UNILORA", "FROD",
      "LILY", "PEANUT", "PSOFT", "GLORA", "HIRA", "ADAMSS", "DEFT", "BEFT", "SHADOW",
      "SUPERTUNING":
      "this version does not compute it"
    default: "that kind is not known here"
    }
  }
}
