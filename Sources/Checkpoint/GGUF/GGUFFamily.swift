/// A model family as GGUF files name its parts, beside the Hugging Face names.
///
/// Source: `gguf/tensor_mapping.py` and `conversion/llama.py` of llama.cpp.
package struct GGUFFamily: Sendable {
  /// `general.architecture`, which also begins the names of its keys.
  package var name: String
  /// `model_type` in config.json.
  package var modelType: String
  /// The stem of the class names, as in "Llama" of "LlamaForCausalLM".
  package var className: String
  /// Tensors outside the layers, without `.weight`.
  package var top: [String: String]
  /// Tensors of a layer, without `blk.N.` and `.weight`.
  package var layer: [String: String]
  /// The tensors whose rows the file keeps in pairs (x0, y0, x1, y1, ...) where Hugging Face keeps
  /// halves (x0, x1, ..., y0, y1, ...), with the key that counts their heads.
  package var paired: [String: String]
  /// Keys that change what the model computes and have no place in config.json, with the value
  /// that changes nothing.
  package var refused: [(key: String, neutral: Double)]

  /// All families that can be converted.
  package static let all: [GGUFFamily] = [.llama]

  /// All families whose adapters can be read and written.
  package static let adapters: [GGUFFamily] = [.llama, .qwen2, .qwen3, .gemma2, .gemma3, .phi3]

  /// Values of `model_type` whose files carry this family's name.
  package var modelTypes: [String] {
    switch name {
    case "llama": ["llama", "mistral"]
    default: [modelType]
    }
  }

  package static let llama = GGUFFamily(
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

  private static let attention = [
    "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
  ]
  private static let gated = [
    "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
  ]
  private static let norms = [
    "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
  ]
  private static let headNorms = [
    "attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm",
  ]
  private static let fourNorms = [
    "attn_norm": "input_layernorm", "post_attention_norm": "post_attention_layernorm",
    "ffn_norm": "pre_feedforward_layernorm", "post_ffw_norm": "post_feedforward_layernorm",
  ]

  private static func plain(
    _ name: String, _ modelType: String, _ className: String, _ parts: [[String: String]]
  ) -> GGUFFamily {
    GGUFFamily(
      name: name, modelType: modelType, className: className, top: llama.top,
      layer: parts.reduce(into: [:]) { $0.merge($1) { first, _ in first } }, paired: [:],
      refused: [])
  }

  static let qwen2 = plain("qwen2", "qwen2", "Qwen2", [attention, gated, norms])
  static let qwen3 = plain("qwen3", "qwen3", "Qwen3", [attention, gated, norms, headNorms])
  static let gemma2 = plain("gemma2", "gemma2", "Gemma2", [attention, gated, fourNorms])
  static let gemma3 = plain(
    "gemma3", "gemma3_text", "Gemma3", [attention, gated, fourNorms, headNorms])
  static let phi3 = plain(
    "phi3", "phi3", "Phi3",
    [
      [
        "attn_qkv": "self_attn.qkv_proj", "attn_output": "self_attn.o_proj",
        "ffn_up": "mlp.gate_up_proj", "ffn_down": "mlp.down_proj",
      ], norms,
    ])

  /// The name of a tensor in the file, from its Hugging Face name; nil for one that the family
  /// does not have.
  package func fileName(of tensor: String) -> String? {
    guard let dot = tensor.lastIndex(of: ".") else { return nil }
    let (module, suffix) = (String(tensor[..<dot]), tensor[dot...])
    if let name = top.first(where: { $0.value == module })?.key { return name + suffix }
    let parts = module.split(separator: ".", maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count == 4, parts[0] == "model", parts[1] == "layers", let layer = Int(parts[2]),
      let name = self.layer.first(where: { $0.value == parts[3] })?.key
    else { return nil }
    return "blk.\(layer).\(name)\(suffix)"
  }

  /// The Hugging Face name of a tensor, or nil for one that the family does not have.
  package func name(of tensor: String) -> String? {
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
  package func headCountKey(of tensor: String) -> String? {
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
