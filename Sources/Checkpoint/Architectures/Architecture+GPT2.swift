import StrictJSON

extension Architecture {
  /// GPT-2: every linear layer is a `Conv1D`, whose weight is stored `[in, out]`; queries, keys and
  /// values in one of them.
  ///
  /// Source: transformers `modeling_gpt2.py`.
  public static let gpt2 = Architecture(
    modelType: "gpt2", className: "GPT2", classNames: ClassNames(causal: "GPT2LMHeadModel"),
    backbonePrefix: "transformer.", embedding: "wte.weight", tokenHead: "classifier",
    aliases: [
      "hidden_size": "n_embd", "intermediate_size": "n_inner", "num_hidden_layers": "n_layer",
      "num_attention_heads": "n_head", "max_position_embeddings": "n_positions",
    ],
    defaults: ["tie_word_embeddings": true],
    buffers: [
      ".attn.bias", ".attn.masked_bias", ".crossattention.bias",
      ".crossattention.masked_bias",
    ],
    rules: [
      Rule("wte.weight", [.vocabulary, .hidden], .embedding),
      Rule("wpe.weight", [.positions, .hidden], .position),
    ]
      + conv("attn.c_attn", .hidden, .times(3, .hidden), parts: ["q_proj", "k_proj", "v_proj"])
      + conv("attn.c_proj", .hidden, .hidden)
      + conv(
        "crossattention.c_attn", .hidden, .times(2, .hidden), if: crosses,
        parts: ["k_proj", "v_proj"])
      + conv("crossattention.q_attn", .hidden, .hidden, if: crosses)
      + conv("crossattention.c_proj", .hidden, .hidden, if: crosses)
      + conv("mlp.c_fc", .hidden, .intermediate)
      + conv("mlp.c_proj", .intermediate, .hidden)
      + norm("h.*.ln_1") + norm("h.*.ln_2") + norm("h.*.ln_cross_attn", if: crosses)
      + norm("ln_f"))

  private static let crosses = Condition.flag("add_cross_attention")

  private static func conv(
    _ module: String, _ inputs: Extent, _ outputs: Extent, if condition: Condition? = nil,
    parts: [String] = []
  ) -> [Rule] {
    var weight = Rule("h.*.\(module).weight", [inputs, outputs], .linear, if: condition).transposed
    weight.parts = parts.map { PartRule($0, .hidden) }
    return [weight, Rule("h.*.\(module).bias", [outputs], .linear, if: condition)]
  }

  private static func norm(_ module: String, if condition: Condition? = nil) -> [Rule] {
    [
      Rule("\(module).weight", [.hidden], .norm, if: condition),
      Rule("\(module).bias", [.hidden], .norm, if: condition),
    ]
  }
}
