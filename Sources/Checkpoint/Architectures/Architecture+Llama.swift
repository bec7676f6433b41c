extension Architecture {
  /// Llama 1 to 3.x and what shares its layout (SmolLM2, TinyLlama, Yi, ...).
  ///
  /// Source: transformers `modeling_llama.py`, names as saved by versions 4 and 5.
  public static let llama = Architecture(
    modelType: "llama", className: "Llama",
    rules: [Rule("embed_tokens.weight", [.vocabulary, .hidden], .embedding)]
      + Rule.attention(bias: .flag("attention_bias"))
      + Rule.gatedMLP(bias: .flag("mlp_bias"))
      + Rule.norms("input_layernorm", "post_attention_layernorm")
      + [Rule("norm.weight", [.hidden], .norm)])
}
