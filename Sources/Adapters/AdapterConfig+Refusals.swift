public import Diagnostics
import StrictJSON

extension AdapterConfig {
  /// Why this version cannot merge the adapter: every setting that changes what the tensors mean
  /// and is not computed here. Empty for LoRA and rsLoRA.
  public var refusals: [GraftError] {
    guard peftType.uppercased() == "LORA" else { return [.adapterKind(peftType, file: file)] }
    var out: [GraftError] = []
    for rule in Self.rules where rule.isOn(json[rule.key] ?? .null) {
      out.append(.adapterSetting(rule.key, (json[rule.key] ?? .null).text(), rule.why, file: file))
    }
    return out
  }

  /// Keys that this version does not know and that are set to something; PEFT ignores them.
  public var unknownKeys: [String] {
    guard peftType.uppercased() == "LORA" else { return [] }
    return json.filter { key, value in
      Self.peftDefaults[key] == nil && !Self.historicKeys.contains(key)
        && !Self.ownKeys.contains(key) && Self.isSet(value)
    }.map(\.0)
  }

  private struct Rule {
    var key: String
    var why: String
    var isOn: @Sendable (JSONValue) -> Bool = AdapterConfig.isSet
  }

  /// Keys of older versions that do not change a merge.
  private static let historicKeys: Set = ["enable_lora", "merge_weights", "runtime_config"]

  /// What Graft itself declares; merging heeds it.
  private static let ownKeys: Set = ["graft_head"]

  /// Whether a value switches something on: not null, false, 0 or empty.
  private static func isSet(_ value: JSONValue) -> Bool {
    switch value {
    case .null: false
    case .bool(let flag): flag
    case .number(let number): number.double != 0
    case .string(let text): !text.isEmpty
    case .array(let elements): !elements.isEmpty
    case .object(let object): !object.isEmpty
    }
  }

  /// Initialisations that leave the base as it is.
  private static let harmlessStarts: Set = ["gaussian", "orthogonal", "eva"]

  private static let rules: [Rule] = [
    Rule(key: "use_dora", why: "DoRA rescales every row by a trained magnitude"),
    Rule(key: "lora_bias", why: "its B has a bias that belongs into the base's bias"),
    Rule(
      key: "init_lora_weights",
      why: "such a start changes the base's weights when training begins, so the adapter does not "
        + "fit the base as published; convert it to plain LoRA with PEFT when saving",
      isOn: { value in
        switch value {
        case .null, .bool: false
        case .string(let name): !harmlessStarts.contains(name.lowercased())
        default: true
        }
      }),
    Rule(key: "fan_in_fan_out", why: "the base stores these weights transposed"),
    Rule(key: "layer_replication", why: "it builds another stack of layers than the base has"),
    Rule(key: "trainable_token_indices", why: "it replaces single rows of the embedding"),
    Rule(key: "target_parameters", why: "its A and B are for fused expert weights"),
    Rule(key: "alora_invocation_tokens", why: "it acts on some tokens only"),
    Rule(key: "ensure_weight_tying", why: "one adapter is shared by tied layers"),
    Rule(key: "use_qalora", why: "QALoRA pools the inputs of A"),
    Rule(key: "use_bdlora", why: "its A and B are block-diagonal"),
    Rule(key: "arrow_config", why: "it routes between several adapters"),
    Rule(key: "megatron_config", why: "its layers are Megatron's"),
    Rule(key: "kasa_config", why: "KaSA truncates the base and adds a diagonal"),
    Rule(key: "corda_config", why: "CorDA changes the base's weights at the start"),
    Rule(key: "lora_ga_config", why: "LoRA-GA changes the base's weights at the start"),
    Rule(key: "monteclora_config", why: "its weights are sampled"),
    Rule(key: "velora_config", why: "this version does not know what it does to a merge"),
    Rule(key: "loftq_config", why: "LoftQ changes the base's weights at the start"),
  ]
}
