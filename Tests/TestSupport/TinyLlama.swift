import FileIO
public import TensorCore

/// A Llama of two layers that a test makes up: hidden size 8, vocabulary 16
/// where not asked otherwise.
public struct TinyLlama {
  /// The tensors.
  public var tensors: [TensorFixture]
  /// config.json.
  public var config: JSONObjectFixture

  /// A causal model; with `labels`, a sequence classifier with that many outputs.
  public init(labels: Int? = nil, dtype: DType = .f32, vocabulary: Int = 16) {
    var tensors = [TensorFixture("model.embed_tokens.weight", [vocabulary, 8])]
    for layer in 0..<2 {
      let prefix = "model.layers.\(layer)."
      for (name, shape) in [
        ("input_layernorm", [8]), ("self_attn.q_proj", [8, 8]), ("self_attn.k_proj", [4, 8]),
        ("self_attn.v_proj", [4, 8]), ("self_attn.o_proj", [8, 8]),
        ("post_attention_layernorm", [8]), ("mlp.gate_proj", [12, 8]), ("mlp.up_proj", [12, 8]),
        ("mlp.down_proj", [8, 12]),
      ] {
        tensors.append(TensorFixture("\(prefix)\(name).weight", shape))
      }
    }
    tensors.append(TensorFixture("model.norm.weight", [8]))
    if let labels {
      tensors.append(TensorFixture("score.weight", [labels, 8]))
    } else {
      tensors.append(TensorFixture("lm_head.weight", [vocabulary, 8]))
    }
    self.tensors = tensors
    config = JSONObjectFixture(
      """
      {"architectures": ["\(labels == nil ? "LlamaForCausalLM" : "LlamaForSequenceClassification")"],
       "model_type": "llama", "hidden_size": 8, "intermediate_size": 12, "vocab_size": \(vocabulary),
       "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 4,
       "tie_word_embeddings": false, "hidden_act": "silu", "rms_norm_eps": 1e-06,
       "max_position_embeddings": 64, "rope_theta": 10000.0, "dtype": "\(dtype.torchName)"
       \(labels == 1 ? #", "id2label": {"0": "LABEL_0"}, "label2id": {"LABEL_0": 0}"# : "")}
      """)
    self.dtype = dtype
  }

  private let dtype: DType

  /// Writes config.json and model.safetensors into a new directory.
  public func write(to directory: String) throws {
    try makeDirectories(directory)
    try writeFileAtomically("\(directory)/config.json", config.text)
    try TensorFixture.write(tensors, to: "\(directory)/model.safetensors", dtype: dtype)
  }
}
