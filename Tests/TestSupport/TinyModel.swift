import FileIO
import Safetensors
import StrictJSON
import TensorCore

/// A Llama model directory small enough for tests: two layers, 16 wide, one token per byte.
public enum TinyModel {
  /// The number of tokens: one per byte, and the four special ones.
  public static let vocabularySize = 260
  private static let hidden = 16
  private static let inner = 24
  private static let layers = 2
  private static let keyValueSize = 8

  /// Writes a causal model with its tokenizer and chat template.
  ///
  /// - Parameter seed: of the weights.
  public static func write(to path: String, seed: UInt64 = 1) throws {
    try makeDirectories(path)
    try writeFileAtomically("\(path)/config.json", config)
    try writeFileAtomically("\(path)/tokenizer.json", tokenizer.text())
    try writeFileAtomically(
      "\(path)/tokenizer_config.json",
      """
      {"bos_token": "<s>", "eos_token": "<end>", "pad_token": "<pad>", \
      "tokenizer_class": "PreTrainedTokenizerFast", "chat_template": "\(template)"}
      """)
    var random = Generator(state: seed)
    let writer = try SafetensorsWriter("\(path)/model.safetensors", tensors: specs)
    for spec in specs {
      let isNorm = spec.shape.count == 1
      let values = (0..<spec.elementCount).map { _ in
        isNorm ? 1 + 0.1 * random.next() : 0.3 * random.next()
      }
      try values.withUnsafeBytes { try writer.append($0) }
    }
    _ = try writer.close()
  }

  /// Preference pairs that a model can learn: the preferred answer is in capitals.
  ///
  /// Writes `dataset_info.json` with the entries `pairs` (`count` rows) and `held_out` (8 rows).
  public static func writePairs(to path: String, count: Int) throws {
    try makeDirectories(path)
    let entry = { (file: String) in
      """
      {"file_name": "\(file)", "ranking": true, "columns": \
      {"prompt": "ask", "chosen": "good", "rejected": "bad"}}
      """
    }
    try writeFileAtomically(
      "\(path)/dataset_info.json",
      "{\"pairs\": \(entry("pairs.jsonl")), \"held_out\": \(entry("held_out.jsonl"))}")
    for (name, range) in [("pairs", 0..<count), ("held_out", 1000..<1008)] {
      let rows = range.map { i in
        let word = String(
          (0..<4).map { Character(Unicode.Scalar(97 + UInt8((i * 7 + $0 * 5) % 26))) })
        return
          "{\"ask\": \"word \(i)?\", \"good\": \"\(word.uppercased())\", \"bad\": \"\(word)\"}\n"
      }
      try writeFileAtomically("\(path)/\(name).jsonl", rows.joined())
    }
  }

  private static let config = """
    {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": \(hidden),
     "intermediate_size": \(inner), "num_hidden_layers": \(layers), "num_attention_heads": 2,
     "num_key_value_heads": 1, "vocab_size": \(vocabularySize), "rms_norm_eps": 1e-05,
     "rope_theta": 10000.0, "max_position_embeddings": 512, "tie_word_embeddings": true,
     "hidden_act": "silu", "attention_bias": false, "mlp_bias": false, "dtype": "float32",
     "bos_token_id": 256, "eos_token_id": 258, "pad_token_id": 259}
    """

  private static let template =
    "{% for m in messages %}<s>{{ m['role'] }}: {{ m['content'] }}<end>{% endfor %}"
    + "{% if add_generation_prompt %}<s>assistant: {% endif %}"

  private static var specs: [TensorSpec] {
    func spec(_ name: String, _ shape: [Int]) -> TensorSpec {
      TensorSpec(name: name, dtype: .f32, shape: shape)
    }
    var specs = [spec("model.embed_tokens.weight", [vocabularySize, hidden])]
    for layer in 0..<layers {
      let prefix = "model.layers.\(layer)"
      specs += [
        spec("\(prefix).input_layernorm.weight", [hidden]),
        spec("\(prefix).mlp.down_proj.weight", [hidden, inner]),
        spec("\(prefix).mlp.gate_proj.weight", [inner, hidden]),
        spec("\(prefix).mlp.up_proj.weight", [inner, hidden]),
        spec("\(prefix).post_attention_layernorm.weight", [hidden]),
        spec("\(prefix).self_attn.k_proj.weight", [keyValueSize, hidden]),
        spec("\(prefix).self_attn.o_proj.weight", [hidden, hidden]),
        spec("\(prefix).self_attn.q_proj.weight", [hidden, hidden]),
        spec("\(prefix).self_attn.v_proj.weight", [keyValueSize, hidden]),
      ]
    }
    return specs + [spec("model.norm.weight", [hidden])]
  }

  private static var tokenizer: JSONValue {
    var vocabulary = JSONObject()
    for (byte, scalar) in byteScalars().enumerated() {
      vocabulary[String(Character(scalar))] = JSONValue(byte)
    }
    let special = ["<s>", "<unk>", "<end>", "<pad>"]
    for (i, token) in special.enumerated() { vocabulary[token] = JSONValue(256 + i) }
    return [
      "version": "1.0", "truncation": nil, "padding": nil,
      "added_tokens": .array(
        special.enumerated().map { i, token in
          [
            "id": JSONValue(256 + i), "content": .string(token), "single_word": false,
            "lstrip": false, "rstrip": false, "normalized": false, "special": true,
          ]
        }),
      "normalizer": nil,
      "pre_tokenizer": [
        "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true,
      ],
      "post_processor": nil,
      "decoder": [
        "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true,
      ],
      "model": [
        "type": "BPE", "dropout": nil, "unk_token": nil, "continuing_subword_prefix": nil,
        "end_of_word_suffix": nil, "fuse_unk": false, "byte_fallback": false,
        "ignore_merges": false, "vocab": .object(vocabulary), "merges": [],
      ],
    ]
  }

  /// The characters that stand for the bytes 0 to 255 in a byte-level vocabulary (GPT-2's table).
  private static func byteScalars() -> [Unicode.Scalar] {
    var next: UInt32 = 256
    return (0..<256 as Range<UInt32>).map { byte in
      let isPrintable = (33...126).contains(byte) || (161...172).contains(byte) || byte >= 174
      defer { if !isPrintable { next += 1 } }
      return Unicode.Scalar(isPrintable ? byte : next) ?? " "
    }
  }

  /// Numbers from -1 to 1 that depend on the seed alone (a linear congruential generator).
  private struct Generator {
    var state: UInt64

    mutating func next() -> Float {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(Int32(truncatingIfNeeded: state >> 32)) / Float(Int32.max)
    }
  }
}
