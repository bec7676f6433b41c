import StrictJSON

extension Architecture {
  /// Qwen 1.5 and 2 with experts, and one expert that every token passes; layers without experts
  /// have the plain MLP.
  ///
  /// Source: transformers `modeling_qwen2_moe.py` and `conversion_mapping.py`.
  public static let qwen2Moe = Architecture(
    modelType: "qwen2_moe", className: "Qwen2Moe",
    defaults: ["num_key_value_heads": 16, "qkv_bias": true],
    rules: [Rule("embed_tokens.weight", [.vocabulary, .hidden], .embedding)]
      + Rule.attention(bias: .flag("qkv_bias"), outputBias: false)
      + Rule.gatedMLP(if: .denseLayer)
      + [Rule("layers.*.mlp.gate.weight", [.experts, .hidden], .router, if: .sparseLayer)]
      + Rule.experts(if: .sparseLayer, width: .expertIntermediate)
      + Rule.gatedMLP(
        "layers.*.mlp.shared_expert", width: .sharedIntermediate, if: .sparseLayer)
      + [
        Rule("layers.*.mlp.shared_expert_gate.weight", [.one, .hidden], .linear, if: .sparseLayer)
      ]
      + Rule.norms("input_layernorm", "post_attention_layernorm")
      + [Rule("norm.weight", [.hidden], .norm)])
}
