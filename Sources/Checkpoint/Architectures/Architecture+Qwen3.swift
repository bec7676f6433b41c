import StrictJSON

extension Architecture {
  /// Qwen 3: norms over the width of one head on queries and keys.
  ///
  /// Source: transformers `modeling_qwen3.py`.
  public static let qwen3 = Architecture(
    modelType: "qwen3", className: "Qwen3",
    defaults: ["num_key_value_heads": 32, "head_dim": 128],
    rules: [Rule("embed_tokens.weight", [.vocabulary, .hidden], .embedding)]
      + Rule.attention(bias: .flag("attention_bias"))
      + [
        Rule("layers.*.self_attn.q_norm.weight", [.head], .norm),
        Rule("layers.*.self_attn.k_norm.weight", [.head], .norm),
      ]
      + Rule.gatedMLP()
      + Rule.norms("input_layernorm", "post_attention_layernorm")
      + [Rule("norm.weight", [.hidden], .norm)])
}
