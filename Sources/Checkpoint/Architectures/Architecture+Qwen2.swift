import StrictJSON

extension Architecture {
  /// Qwen 1.5, 2 and 2.5: queries, keys and values always have biases, the output never.
  ///
  /// Source: transformers `modeling_qwen2.py`.
  public static let qwen2 = Architecture(
    modelType: "qwen2", className: "Qwen2", defaults: ["num_key_value_heads": 32],
    rules: [Rule("embed_tokens.weight", [.vocabulary, .hidden], .embedding)]
      + Rule.attention(hasBias: true, outputBias: false)
      + Rule.gatedMLP()
      + Rule.norms("input_layernorm", "post_attention_layernorm")
      + [Rule("norm.weight", [.hidden], .norm)])
}
