/// What a tensor of a Megatron model becomes in a Hugging Face one of the Llama kind.
enum MegatronTensor: Equatable {
  /// The input embedding or the output matrix, cut by rows, with rows of padding at the end.
  case vocabulary(String)
  /// Cut by rows.
  case rows(String)
  /// Cut by columns.
  case columns(String)
  /// The same on every rank.
  case copied(String)
  /// Queries, keys and values, head group by head group; the suffix is "weight" or "bias".
  case attention(prefix: String, suffix: String)
  /// Gate and up, one after the other on each rank.
  case gated(prefix: String, suffix: String)
  /// Left out.
  case dropped(reason: String)
}

extension MegatronTensor {
  /// Finds the rule for a name, with the layer's number within the whole model put in.
  ///
  /// Names are those of Megatron-core with Transformer Engine's or its own layers, and those of
  /// Megatron-LM before it. Nil for what is not known.
  ///
  /// Source: Megatron-LM `tools/checkpoint/schema_core.py`, `loader_base.py`.
  init?(_ name: String, layer: (Int) -> Int) {
    var name = Substring(name)
    for prefix in ["model.", "module.", "language_model."] where name.hasPrefix(prefix) {
      name = name.dropFirst(prefix.count)
    }
    if let rule = Self.outside[String(name)] {
      self = rule
      return
    }
    if name.hasSuffix("rotary_pos_emb.inv_freq") || name.hasSuffix("rotary_emb.inv_freq") {
      self = .dropped(reason: "computed again from config.json")
      return
    }
    for block in ["decoder.layers.", "encoder.layers.", "transformer.layers."]
    where name.hasPrefix(block) {
      let rest = name.dropFirst(block.count)
      guard let dot = rest.firstIndex(of: "."), let number = Int(rest[..<dot]), number >= 0,
        let rule = Self.inLayer[String(rest[rest.index(after: dot)...])]
      else { return nil }
      self = rule.prefixed("model.layers.\(layer(number)).")
      return
    }
    return nil
  }

  private static let outside: [String: MegatronTensor] = [
    "embedding.word_embeddings.weight": .vocabulary("model.embed_tokens.weight"),
    "output_layer.weight": .vocabulary("lm_head.weight"),
    "decoder.final_layernorm.weight": .copied("model.norm.weight"),
    "decoder.final_norm.weight": .copied("model.norm.weight"),
    "encoder.final_layernorm.weight": .copied("model.norm.weight"),
    "encoder.final_norm.weight": .copied("model.norm.weight"),
    "transformer.final_layernorm.weight": .copied("model.norm.weight"),
  ]

  private static let inLayer: [String: MegatronTensor] = [
    "input_layernorm.weight": .copied("input_layernorm.weight"),
    "input_norm.weight": .copied("input_layernorm.weight"),
    "self_attention.linear_qkv.layer_norm_weight": .copied("input_layernorm.weight"),
    "self_attention.linear_qkv.weight": .attention(prefix: "self_attn.", suffix: "weight"),
    "self_attention.linear_qkv.bias": .attention(prefix: "self_attn.", suffix: "bias"),
    "self_attention.query_key_value.weight": .attention(prefix: "self_attn.", suffix: "weight"),
    "self_attention.query_key_value.bias": .attention(prefix: "self_attn.", suffix: "bias"),
    "self_attention.q_layernorm.weight": .copied("self_attn.q_norm.weight"),
    "self_attention.k_layernorm.weight": .copied("self_attn.k_norm.weight"),
    "self_attention.linear_proj.weight": .columns("self_attn.o_proj.weight"),
    "self_attention.linear_proj.bias": .copied("self_attn.o_proj.bias"),
    "self_attention.dense.weight": .columns("self_attn.o_proj.weight"),
    "self_attention.dense.bias": .copied("self_attn.o_proj.bias"),
    "pre_mlp_layernorm.weight": .copied("post_attention_layernorm.weight"),
    "post_attention_layernorm.weight": .copied("post_attention_layernorm.weight"),
    "post_attention_norm.weight": .copied("post_attention_layernorm.weight"),
    "mlp.linear_fc1.layer_norm_weight": .copied("post_attention_layernorm.weight"),
    "mlp.linear_fc1.weight": .gated(prefix: "mlp.", suffix: "weight"),
    "mlp.linear_fc1.bias": .gated(prefix: "mlp.", suffix: "bias"),
    "mlp.linear_fc1.weight_w": .rows("mlp.gate_proj.weight"),
    "mlp.linear_fc1.weight_v": .rows("mlp.up_proj.weight"),
    "mlp.dense_h_to_4h.weight": .gated(prefix: "mlp.", suffix: "weight"),
    "mlp.dense_h_to_4h.bias": .gated(prefix: "mlp.", suffix: "bias"),
    "mlp.linear_fc2.weight": .columns("mlp.down_proj.weight"),
    "mlp.linear_fc2.bias": .copied("mlp.down_proj.bias"),
    "mlp.dense_4h_to_h.weight": .columns("mlp.down_proj.weight"),
    "mlp.dense_4h_to_h.bias": .copied("mlp.down_proj.bias"),
  ]

  private func prefixed(_ layer: String) -> MegatronTensor {
    switch self {
    case .vocabulary(let name): .vocabulary(layer + name)
    case .rows(let name): .rows(layer + name)
    case .columns(let name): .columns(layer + name)
    case .copied(let name): .copied(layer + name)
    case .attention(let prefix, let suffix): .attention(prefix: layer + prefix, suffix: suffix)
    case .gated(let prefix, let suffix): .gated(prefix: layer + prefix, suffix: suffix)
    case .dropped: self
    }
  }
}
