import StrictJSON

extension Architecture {
  /// Gemma 3, the language model: Gemma 2 with norms over the width of one head on queries and
  /// keys.
  ///
  /// Source: transformers `modeling_gemma3.py`.
  public static let gemma3Text = Architecture(
    modelType: "gemma3_text", className: "Gemma3",
    classNames: ClassNames(
      backbone: "Gemma3TextModel", sequenceClassifier: "Gemma3TextForSequenceClassification"),
    defaults: ["num_key_value_heads": 4, "head_dim": 256, "tie_word_embeddings": true],
    rules: [Rule("embed_tokens.weight", [.vocabulary, .hidden], .embedding)]
      + Rule.attention(bias: .flag("attention_bias"))
      + [
        Rule("layers.*.self_attn.q_norm.weight", [.head], .norm),
        Rule("layers.*.self_attn.k_norm.weight", [.head], .norm),
      ]
      + Rule.gatedMLP()
      + Rule.norms(
        "input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm",
        "post_feedforward_layernorm")
      + [Rule("norm.weight", [.hidden], .norm)])
}
