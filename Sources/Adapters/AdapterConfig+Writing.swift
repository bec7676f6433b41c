public import StrictJSON

extension AdapterConfig {
  /// The members that PEFT 0.21.2 writes for this configuration, in its order.
  ///
  /// Members that were read and that this type does not model are kept.
  public var written: JSONObject {
    var out = Self.peftDefaults
    for (key, value) in json { out[key] = value }
    out["peft_type"] = .string(peftType)
    out["task_type"] = taskType.map { .string($0) } ?? .null
    out["base_model_name_or_path"] = baseModel.map { .string($0) } ?? .null
    out["r"] = JSONValue(rank)
    out["lora_alpha"] = Self.number(alpha)
    out["lora_dropout"] = JSONValue(dropout)
    out["use_rslora"] = .bool(usesRankStabilizedScale)
    out["target_modules"] = Self.json(targetModules)
    out["exclude_modules"] = excludedModules.map(Self.json) ?? .null
    out["layers_to_transform"] = layers.map { .array($0.map { JSONValue($0) }) } ?? .null
    out["layers_pattern"] = Self.names(layersPattern)
    out["modules_to_save"] = Self.names(modulesToSave)
    out["bias"] = .string(bias.rawValue)
    out["rank_pattern"] = Self.json(rankPattern) { JSONValue($0) }
    out["alpha_pattern"] = Self.json(alphaPattern, Self.number)
    return out
  }

  private static func names(_ names: [String]) -> JSONValue {
    names.isEmpty ? .null : .array(names.map { .string($0) })
  }

  private static func json(_ selection: ModuleSelection) -> JSONValue {
    switch selection {
    case .names(let names): .array(names.map { .string($0) })
    case .pattern(let pattern): .string(pattern)
    case .allLinear: "all-linear"
    }
  }

  private static func json<T>(
    _ entries: [PatternValue<T>], _ convert: (T) -> JSONValue
  ) -> JSONValue {
    var object = JSONObject()
    for entry in entries { object[entry.pattern] = convert(entry.value) }
    return .object(object)
  }

  /// Whole numbers as Python writes an `int`, so that `16` stays `16`.
  private static func number(_ value: Double) -> JSONValue {
    Int(exactly: value).map { JSONValue($0) } ?? JSONValue(value)
  }

  /// The key set of PEFT 0.21.2 with its defaults.
  static let peftDefaults: JSONObject = {
    let empty = JSONValue.object(JSONObject())
    var out = JSONObject()
    for key in [
      "alora_invocation_tokens", "alpha_pattern", "arrow_config", "auto_mapping",
      "base_model_name_or_path", "bias", "corda_config", "ensure_weight_tying", "eva_config",
      "exclude_modules", "fan_in_fan_out", "inference_mode", "init_lora_weights", "kasa_config",
      "layer_replication", "layers_pattern", "layers_to_transform", "loftq_config", "lora_alpha",
      "lora_bias", "lora_dropout", "lora_ga_config", "megatron_config", "megatron_core",
      "modules_to_save", "monteclora_config", "peft_type", "peft_version", "qalora_group_size",
      "r", "rank_pattern", "revision", "target_modules", "target_parameters", "task_type",
      "trainable_token_indices", "use_bdlora", "use_dora", "use_qalora", "use_rslora",
      "velora_config",
    ] {
      out[key] = .null
    }
    for key in ["ensure_weight_tying", "fan_in_fan_out", "lora_bias", "use_dora", "use_qalora"] {
      out[key] = false
    }
    for key in ["alpha_pattern", "loftq_config", "rank_pattern"] { out[key] = empty }
    out["inference_mode"] = true
    out["init_lora_weights"] = true
    out["megatron_core"] = "megatron.core"
    out["peft_version"] = "0.21.2"
    out["qalora_group_size"] = 16
    return out
  }()
}
