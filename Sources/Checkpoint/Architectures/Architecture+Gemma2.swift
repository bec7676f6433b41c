import StrictJSON

extension Architecture {
  /// Gemma 2: norms before and after both blocks; the output matrix is the embedding.
  ///
  /// Source: transformers `modeling_gemma2.py`.
  public static let gemma2 = Architecture(
    modelType: "gemma2", className: "Gemma2",
    defaults: ["num_key_value_heads": 4, "head_dim": 256, "tie_word_embeddings": true],
    rules: [Rule("embed_tokens.weight", [.vocabulary, .hidden], .embedding)]
      + Rule.attention(bias: .flag("attention_bias"))
      + Rule.gatedMLP()
      + Rule.norms(
        "input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm",
        "post_feedforward_layernorm")
      + [Rule("norm.weight", [.hidden], .norm)])
}
