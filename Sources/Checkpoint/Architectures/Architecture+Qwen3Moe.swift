import StrictJSON

extension Architecture {
  /// Qwen 3 with experts; layers without experts have the plain MLP.
  ///
  /// Source: transformers `modeling_qwen3_moe.py` and `conversion_mapping.py`.
  public static let qwen3Moe = Architecture(
    modelType: "qwen3_moe", className: "Qwen3Moe", defaults: ["num_key_value_heads": 4],
    rules: [Rule("embed_tokens.weight", [.vocabulary, .hidden], .embedding)]
      + Rule.attention(bias: .flag("attention_bias"))
      + [
        Rule("layers.*.self_attn.q_norm.weight", [.head], .norm),
        Rule("layers.*.self_attn.k_norm.weight", [.head], .norm),
      ]
      + Rule.gatedMLP(if: .denseLayer)
      + [Rule("layers.*.mlp.gate.weight", [.experts, .hidden], .router, if: .sparseLayer)]
      + Rule.experts(if: .sparseLayer, width: .expertIntermediate)
      + Rule.norms("input_layernorm", "post_attention_layernorm")
      + [Rule("norm.weight", [.hidden], .norm)])
}
