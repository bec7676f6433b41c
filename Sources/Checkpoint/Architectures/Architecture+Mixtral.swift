import StrictJSON

extension Architecture {
  /// Mixtral: experts in every layer. Files call gate, up and down w1, w3 and w2; transformers 5
  /// has them fused in memory, under another module.
  ///
  /// Source: transformers `modeling_mixtral.py` and `conversion_mapping.py`.
  public static let mixtral = Architecture(
    modelType: "mixtral", className: "Mixtral", defaults: ["num_key_value_heads": 8],
    rules: [Rule("embed_tokens.weight", [.vocabulary, .hidden], .embedding)]
      + Rule.attention()
      + [
        Rule(
          "layers.*.block_sparse_moe.gate.weight", [.experts, .hidden], .router, layout: .perExpert),
        Rule("layers.*.mlp.gate.weight", [.experts, .hidden], .router, layout: .fused),
      ]
      + Rule.experts(
        width: .intermediate, module: "layers.*.block_sparse_moe.experts", gate: "w1", up: "w3",
        down: "w2")
      + Rule.norms("input_layernorm", "post_attention_layernorm")
      + [Rule("norm.weight", [.hidden], .norm)])
}
