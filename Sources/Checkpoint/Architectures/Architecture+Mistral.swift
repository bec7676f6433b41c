import StrictJSON

extension Architecture {
  /// Mistral 7B and what shares its layout.
  ///
  /// Source: transformers `modeling_mistral.py`.
  public static let mistral = Architecture(
    modelType: "mistral", className: "Mistral", defaults: ["num_key_value_heads": 8],
    rules: [Rule("embed_tokens.weight", [.vocabulary, .hidden], .embedding)]
      + Rule.attention()
      + Rule.gatedMLP()
      + Rule.norms("input_layernorm", "post_attention_layernorm")
      + [Rule("norm.weight", [.hidden], .norm)])
}
