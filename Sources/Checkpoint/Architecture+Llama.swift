extension Architecture {
  /// Llama 1 to 3.x and what shares its layout (SmolLM2, TinyLlama, Yi, ...).
  ///
  /// Source: transformers `modeling_llama.py`, names as saved by versions 4 and 5.
  public static let llama = Architecture(
    modelType: "llama", className: "Llama", backbonePrefix: "model.",
    outputName: "lm_head.weight", embeddingName: "model.embed_tokens.weight",
    rules: [
      Rule("embed_tokens.weight", [.vocabulary, .hidden], .embedding),
      Rule("layers.*.input_layernorm.weight", [.hidden], .norm),
      Rule("layers.*.self_attn.q_proj.weight", [.queries, .hidden], .linear),
      Rule("layers.*.self_attn.k_proj.weight", [.keyValues, .hidden], .linear),
      Rule("layers.*.self_attn.v_proj.weight", [.keyValues, .hidden], .linear),
      Rule("layers.*.self_attn.o_proj.weight", [.hidden, .queries], .linear),
      Rule("layers.*.self_attn.q_proj.bias", [.queries], .linear, if: "attention_bias"),
      Rule("layers.*.self_attn.k_proj.bias", [.keyValues], .linear, if: "attention_bias"),
      Rule("layers.*.self_attn.v_proj.bias", [.keyValues], .linear, if: "attention_bias"),
      Rule("layers.*.self_attn.o_proj.bias", [.hidden], .linear, if: "attention_bias"),
      Rule("layers.*.post_attention_layernorm.weight", [.hidden], .norm),
      Rule("layers.*.mlp.gate_proj.weight", [.intermediate, .hidden], .linear),
      Rule("layers.*.mlp.up_proj.weight", [.intermediate, .hidden], .linear),
      Rule("layers.*.mlp.down_proj.weight", [.hidden, .intermediate], .linear),
      Rule("layers.*.mlp.gate_proj.bias", [.intermediate], .linear, if: "mlp_bias"),
      Rule("layers.*.mlp.up_proj.bias", [.intermediate], .linear, if: "mlp_bias"),
      Rule("layers.*.mlp.down_proj.bias", [.hidden], .linear, if: "mlp_bias"),
      Rule("norm.weight", [.hidden], .norm),
    ])
}
