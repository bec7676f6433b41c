extension Architecture {
  /// OLMo 2: norms after both blocks, and over all heads' queries and keys at once.
  ///
  /// Source: transformers `modeling_olmo2.py`.
  public static let olmo2 = Architecture(
    modelType: "olmo2", className: "Olmo2",
    rules: [Rule("embed_tokens.weight", [.vocabulary, .hidden], .embedding)]
      + Rule.attention(bias: .flag("attention_bias"))
      + [
        Rule("layers.*.self_attn.q_norm.weight", [.queries], .norm),
        Rule("layers.*.self_attn.k_norm.weight", [.keyValues], .norm),
      ]
      + Rule.gatedMLP()
      + Rule.norms("post_attention_layernorm", "post_feedforward_layernorm")
      + [Rule("norm.weight", [.hidden], .norm)])
}
