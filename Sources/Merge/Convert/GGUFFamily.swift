/// A model family as GGUF files name its parts, beside the Hugging Face names.
///
/// Source: `gguf/tensor_mapping.py` and `conversion/llama.py` of llama.cpp.
struct GGUFFamily: Sendable {
  /// `general.architecture`, which also begins the names of its keys.
  var name: String
  /// `model_type` in config.json.
  var modelType: String
  /// The stem of the class names, as in "Llama" of "LlamaForCausalLM".
  var className: String
  /// Tensors outside the layers, without `.weight`.
  var top: [String: String]
  /// Tensors of a layer, without `blk.N.` and `.weight`.
  var layer: [String: String]
  /// The tensors whose rows the file keeps in pairs (x0, y0, x1, y1, ...) where Hugging Face keeps
  /// halves (x0, x1, ..., y0, y1, ...), with the key that counts their heads.
  var paired: [String: String]
  /// Keys that change what the model computes and have no place in config.json, with the value
  /// that changes nothing.
  var refused: [(key: String, neutral: Double)]

  /// All families that can be converted.
  static let all: [GGUFFamily] = [.llama]

  static let llama = GGUFFamily(
    name: "llama", modelType: "llama", className: "Llama",
    top: [
      "token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head",
    ],
    layer: [
      "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
      "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
      "attn_output": "self_attn.o_proj", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj",
      "ffn_down": "mlp.down_proj",
    ],
    paired: ["attn_q": "attention.head_count", "attn_k": "attention.head_count_kv"],
    refused: [
      ("expert_count", 0), ("logit_scale", 1), ("embedding_scale", 1), ("residual_scale", 1),
      ("attention.scale", 0), ("attention.sliding_window", 0),
    ])

  /// The Hugging Face name of a tensor, or nil for one that the family does not have.
  func name(of tensor: String) -> String? {
    guard let dot = tensor.lastIndex(of: ".") else { return nil }
    let suffix = tensor[dot...]
    guard suffix == ".weight" || suffix == ".bias" else { return nil }
    if let name = top[String(tensor[..<dot])] { return name + suffix }
    guard let (layer, part) = Self.split(tensor[..<dot]), let name = self.layer[part] else {
      return nil
    }
    return "model.layers.\(layer).\(name)\(suffix)"
  }

  /// The key that counts the heads of a tensor whose rows stand in pairs, or nil.
  func headCountKey(of tensor: String) -> String? {
    guard let dot = tensor.lastIndex(of: "."), let (_, part) = Self.split(tensor[..<dot]) else {
      return nil
    }
    return paired[part]
  }

  /// `blk.12.attn_q` as 12 and `attn_q`.
  private static func split(_ name: Substring) -> (layer: Int, part: String)? {
    let parts = name.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0] == "blk", let layer = Int(parts[1]),
      String(layer) == parts[1]
    else { return nil }
    return (layer, String(parts[2]))
  }
}
