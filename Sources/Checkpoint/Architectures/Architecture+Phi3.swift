extension Architecture {
  /// Phi 3 and 3.5 mini, Phi 4: queries, keys and values in one matrix, gate and up in another.
  ///
  /// Source: transformers `modeling_phi3.py`.
  public static let phi3 = Architecture(
    modelType: "phi3", className: "Phi3",
    rules: [
      Rule("embed_tokens.weight", [.vocabulary, .hidden], .embedding),
      Rule(
        "layers.*.self_attn.qkv_proj.weight", [.sum([.queries, .keyValues, .keyValues]), .hidden],
        .linear
      ).fusing(
        PartRule("q_proj", .queries), PartRule("k_proj", .keyValues),
        PartRule("v_proj", .keyValues)),
      Rule("layers.*.self_attn.o_proj.weight", [.hidden, .queries], .linear),
      Rule("layers.*.mlp.gate_up_proj.weight", [.times(2, .intermediate), .hidden], .linear)
        .fusing(PartRule("gate_proj", .intermediate), PartRule("up_proj", .intermediate)),
      Rule("layers.*.mlp.down_proj.weight", [.hidden, .intermediate], .linear),
    ]
      + Rule.norms("input_layernorm", "post_attention_layernorm")
      + [Rule("norm.weight", [.hidden], .norm)])
}
