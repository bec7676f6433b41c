import StrictJSON

extension Architecture {
  /// GPT-NeoX and Pythia: queries, keys and values in one matrix, head by head.
  ///
  /// Source: transformers `modeling_gpt_neox.py`.
  public static let gptNeoX = Architecture(
    modelType: "gpt_neox", className: "GPTNeoX", backbonePrefix: "gpt_neox.",
    output: "embed_out.weight", embedding: "embed_in.weight", tokenHead: "classifier",
    defaults: ["attention_bias": true],
    buffers: [".rotary_emb.inv_freq", ".attention.bias", ".attention.masked_bias"],
    rules: [Rule("embed_in.weight", [.vocabulary, .hidden], .embedding)]
      + linear(
        "attention.query_key_value", .hidden, .times(3, .hidden), biasIf: .flag("attention_bias"),
        parts: ["q_proj", "k_proj", "v_proj"])
      + linear("attention.dense", .hidden, .hidden, biasIf: .flag("attention_bias"))
      + linear("mlp.dense_h_to_4h", .hidden, .intermediate)
      + linear("mlp.dense_4h_to_h", .intermediate, .hidden)
      + norm("layers.*.input_layernorm") + norm("layers.*.post_attention_layernorm")
      + norm("final_layer_norm"))

  private static func linear(
    _ module: String, _ inputs: Extent, _ outputs: Extent, biasIf condition: Condition? = nil,
    parts: [String] = []
  ) -> [Rule] {
    var weight = Rule("layers.*.\(module).weight", [outputs, inputs], .linear)
    weight.parts = parts.map { PartRule($0, .hidden, groups: .head) }
    return [weight, Rule("layers.*.\(module).bias", [outputs], .linear, if: condition)]
  }

  private static func norm(_ module: String) -> [Rule] {
    [
      Rule("\(module).weight", [.hidden], .norm), Rule("\(module).bias", [.hidden], .norm),
    ]
  }
}
