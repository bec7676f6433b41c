public import Diagnostics
import StrictJSON

extension AdapterConfig {
  /// Why this version cannot merge the adapter: every setting that changes what the tensors mean
  /// and is not computed here. Empty for LoRA and rsLoRA.
  public var refusals: [GraftError] {
    guard let kind else {
      return [.adapterKind(peftType, why: UnfoldableKind.reason(peftType), file: file)]
    }
    var out: [GraftError] = []
    if kind != .lora {
      for key in ["layer_replication"] where Self.isSet(json[key] ?? .null) {
        out.append(.adapterSetting(key, (json[key] ?? .null).text(), "", file: file))
      }
      return out
    }
    for rule in Self.rules where rule.isOn(json[rule.key] ?? .null) {
      out.append(.adapterSetting(rule.key, (json[rule.key] ?? .null).text(), rule.why, file: file))
    }
    return out
  }

  /// Keys that this version does not know and that are set to something; PEFT ignores them.
  public var unknownKeys: [String] {
    guard kind == .lora else { return [] }
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

  /// The start of training that took something out of the base's weights, so that the adapter adds
  /// to what was left and not to the base as published; nil where the base stayed as it was.
  ///
  /// PEFT writes another value ("true") when it converts such an adapter on saving.
  public var residualStart: String? {
    guard kind == .lora, let value = json["init_lora_weights"] else { return nil }
    switch value {
    case .null, .bool: return nil
    case .string(let name):
      return Self.harmlessStarts.contains(name.lowercased()) ? nil : name
    default: return value.text()
    }
  }

  /// Initialisations that leave the base as it is.
  private static let harmlessStarts: Set = ["gaussian", "orthogonal", "eva"]

  private static let rules: [Rule] = [
    Rule(key: "layer_replication", why: "it builds another stack of layers than the base has"),
    Rule(key: "alora_invocation_tokens", why: "it acts on some tokens only"),
    Rule(key: "use_qalora", why: "QALoRA pools the inputs of A"),
    Rule(key: "use_bdlora", why: "its A and B are block-diagonal"),
    Rule(key: "arrow_config", why: "it routes between several adapters"),
    Rule(key: "megatron_config", why: "its layers are Megatron's"),
    Rule(key: "kasa_config", why: "KaSA truncates the base and adds a diagonal"),
    Rule(key: "monteclora_config", why: "its weights are sampled"),
    Rule(key: "velora_config", why: "this version does not know what it does to a merge"),
  ]
}
