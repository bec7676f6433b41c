import FileIO

/// A mixture of three experts in two layers, made up, with experts as transformers 4 lays them out.
public struct TinyMixture {
  /// The tensors.
  public var tensors: [TensorFixture]
  private let family: String

  /// A causal model of the family "mixtral", "qwen2_moe" or "qwen3_moe".
  public init(_ family: String) {
    self.family = family
    tensors = [TensorFixture("model.embed_tokens.weight", [16, 8])]
    for layer in 0..<2 {
      let base = "model.layers.\(layer)"
      func add(_ name: String, _ shape: [Int]) {
        tensors.append(TensorFixture("\(base).\(name)", shape))
      }
      add("input_layernorm.weight", [8])
      add("post_attention_layernorm.weight", [8])
      add("self_attn.q_proj.weight", [8, 8])
      add("self_attn.k_proj.weight", [4, 8])
      add("self_attn.v_proj.weight", [4, 8])
      add("self_attn.o_proj.weight", [8, 8])
      if family == "qwen2_moe" {
        add("self_attn.q_proj.bias", [8])
        add("self_attn.k_proj.bias", [4])
        add("self_attn.v_proj.bias", [4])
        for part in ["gate", "up"] { add("mlp.shared_expert.\(part)_proj.weight", [14, 8]) }
        add("mlp.shared_expert.down_proj.weight", [8, 14])
        add("mlp.shared_expert_gate.weight", [1, 8])
      } else if family == "qwen3_moe" {
        add("self_attn.q_norm.weight", [4])
        add("self_attn.k_norm.weight", [4])
      }
      for expert in 0..<3 {
        let names = expertNames(layer: layer, expert: expert)
        tensors.append(TensorFixture(names.gate, [10, 8]))
        tensors.append(TensorFixture(names.up, [10, 8]))
        tensors.append(TensorFixture(names.down, [8, 10]))
      }
      add("\(family == "mixtral" ? "block_sparse_moe" : "mlp").gate.weight", [3, 8])
    }
    tensors.append(TensorFixture("model.norm.weight", [8]))
    tensors.append(TensorFixture("lm_head.weight", [16, 8]))
  }

  /// The names of one expert's matrices.
  public func expertNames(
    layer: Int, expert: Int
  ) -> (gate: String, up: String, down: String) {
    let isMixtral = family == "mixtral"
    let module =
      "model.layers.\(layer).\(isMixtral ? "block_sparse_moe" : "mlp").experts.\(expert)"
    return isMixtral
      ? ("\(module).w1.weight", "\(module).w3.weight", "\(module).w2.weight")
      : ("\(module).gate_proj.weight", "\(module).up_proj.weight", "\(module).down_proj.weight")
  }

  /// Writes config.json and model.safetensors into a new directory.
  public func write(to directory: String) throws {
    try makeDirectories(directory)
    let stems = ["mixtral": "Mixtral", "qwen2_moe": "Qwen2Moe", "qwen3_moe": "Qwen3Moe"]
    let width = family == "mixtral" ? "\"intermediate_size\": 10" : "\"moe_intermediate_size\": 10"
    try writeFileAtomically(
      "\(directory)/config.json",
      """
      {"architectures": ["\(stems[family] ?? "")ForCausalLM"], "model_type": "\(family)",
       "hidden_size": 8, \(width), "vocab_size": 16, "num_hidden_layers": 2,
       "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 4,
       "num_\(family == "mixtral" ? "local_" : "")experts": 3, "num_experts_per_tok": 2,
       "shared_expert_intermediate_size": 14, "tie_word_embeddings": false,
       "max_position_embeddings": 64, "dtype": "float32"}
      """)
    try TensorFixture.write(tensors, to: "\(directory)/model.safetensors")
  }
}
