import StrictJSON

extension Architecture {
  /// InternLM 2 and 2.5: Llama's arithmetic under other names. Queries, keys and values lie in one
  /// matrix, group by group: the queries of a key-value head, its key, its value.
  ///
  /// Source: `modeling_internlm2.py` as published with the models.
  public static let internLM2 = Architecture(
    modelType: "internlm2", className: "InternLM2", output: "output.weight",
    embedding: "tok_embeddings.weight", defaults: ["bias": true],
    rules: [
      Rule("tok_embeddings.weight", [.vocabulary, .hidden], .embedding),
      Rule(
        "layers.*.attention.wqkv.weight", [.sum([.queries, .keyValues, .keyValues]), .hidden],
        .linear
      ).fusing(
        PartRule("q_proj", .queries, groups: .queryGroup),
        PartRule("k_proj", .keyValues, groups: .head),
        PartRule("v_proj", .keyValues, groups: .head)),
      Rule(
        "layers.*.attention.wqkv.bias", [.sum([.queries, .keyValues, .keyValues])], .linear,
        if: .flag("bias")),
      Rule("layers.*.attention.wo.weight", [.hidden, .queries], .linear),
      Rule("layers.*.attention.wo.bias", [.hidden], .linear, if: .flag("bias")),
      Rule("layers.*.feed_forward.w1.weight", [.intermediate, .hidden], .linear),
      Rule("layers.*.feed_forward.w3.weight", [.intermediate, .hidden], .linear),
      Rule("layers.*.feed_forward.w2.weight", [.hidden, .intermediate], .linear),
    ]
      + Rule.norms("attention_norm", "ffn_norm")
      + [Rule("norm.weight", [.hidden], .norm)])
}
