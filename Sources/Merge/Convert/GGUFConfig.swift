import Checkpoint
import Diagnostics
import GGUF
import StrictJSON
import TensorCore

/// The config.json that a GGUF file's metadata describe.
///
/// Left out because a GGUF file does not store it, and transformers has a default that changes no
/// result of a finished model: `initializer_range`.
struct GGUFConfig {
  /// The tensor of rotary frequency factors: a buffer of llama.cpp, no weight.
  static let rotaryFactors = "rope_freqs.weight"

  var json: JSONObject
  var notes: [String] = []
  /// Why the rotary factors are not written, where the file has them.
  var rotaryFate = ""

  init(_ gguf: GGUFFile, family: GGUFFamily, dtype: DType) throws(GraftError) {
    func key(_ name: String) -> String { "\(family.name).\(name)" }
    for (name, neutral) in family.refused {
      if let value = try gguf.optionalDouble(key(name)), value != neutral {
        throw .unsupportedFeature(key(name), is: "\(value)", file: gguf.path)
      }
    }
    let heads = try gguf.int(key("attention.head_count"))
    let hidden = try gguf.int(key("embedding_length"))
    guard heads > 0, hidden > 0 else {
      throw .unsupportedFeature(key("attention.head_count"), is: "\(heads)", file: gguf.path)
    }
    let head = try gguf.optionalInt(key("attention.key_length")) ?? hidden / heads
    for name in ["attention.value_length", "rope.dimension_count"] {
      if let width = try gguf.optionalInt(key(name)), width != head {
        throw .unsupportedFeature(
          key(name), is: "\(width) where a head is \(head) wide", file: gguf.path)
      }
    }
    guard head >= 2, head % 2 == 0 else {
      throw .unsupportedFeature(key("attention.key_length"), is: "\(head)", file: gguf.path)
    }
    let theta = try gguf.optionalDouble(key("rope.freq_base")) ?? 10_000
    let scaling = try Self.scaling(gguf, key: key, head: head, theta: theta)
    rotaryFate = scaling.fate

    json = JSONObject()
    json["architectures"] = [.string("\(family.className)ForCausalLM")]
    json["attention_bias"] = .bool(gguf["blk.0.attn_q.bias"] != nil)
    json["attention_dropout"] = 0.0
    for (name, token) in [("bos", "bos"), ("eos", "eos"), ("pad", "padding")] {
      if let id = try gguf.optionalInt("tokenizer.ggml.\(token)_token_id") {
        json["\(name)_token_id"] = JSONValue(id)
      }
    }
    json["head_dim"] = JSONValue(head)
    json["hidden_act"] = "silu"
    json["hidden_size"] = JSONValue(hidden)
    json["intermediate_size"] = JSONValue(try gguf.int(key("feed_forward_length")))
    json["max_position_embeddings"] = JSONValue(try gguf.int(key("context_length")))
    json["mlp_bias"] = .bool(gguf["blk.0.ffn_gate.bias"] != nil)
    json["model_type"] = .string(family.modelType)
    json["num_attention_heads"] = JSONValue(heads)
    json["num_hidden_layers"] = JSONValue(try gguf.int(key("block_count")))
    json["num_key_value_heads"] = JSONValue(
      try gguf.optionalInt(key("attention.head_count_kv")) ?? heads)
    json["rms_norm_eps"] = JSONValue(try gguf.double(key("attention.layer_norm_rms_epsilon")))
    json["rope_scaling"] = scaling.json
    json["rope_theta"] = JSONValue(theta)
    json["tie_word_embeddings"] = .bool(gguf["output.weight"] == nil)
    json["torch_dtype"] = .string(dtype.torchName)
    json["use_cache"] = true
    // The embedding may have more rows than the tokenizer has tokens.
    if let rows = gguf["token_embd.weight"]?.shape.first {
      json["vocab_size"] = JSONValue(rows)
    } else {
      json["vocab_size"] = JSONValue(try gguf.strings("tokenizer.ggml.tokens").count)
    }

    let known = Self.known.map(key) + family.refused.map { key($0.key) }
    let unread = gguf.keys.filter { $0.hasPrefix(key("")) && !known.contains($0) }
    if !unread.isEmpty {
      notes.append("not carried over into config.json: \(unread.joined(separator: ", "))")
    }
  }

  private static let known: Set<String> = [
    "attention.head_count", "attention.head_count_kv", "attention.key_length",
    "attention.value_length", "attention.layer_norm_rms_epsilon", "block_count", "context_length",
    "embedding_length", "feed_forward_length", "rope.dimension_count", "rope.freq_base",
    "rope.scaling.type", "rope.scaling.factor", "vocab_size",
  ]

  /// `rope_scaling`, from the keys or from the factors that llama.cpp's converter computed.
  private static func scaling(
    _ gguf: GGUFFile, key: (String) -> String, head: Int, theta: Double
  ) throws(GraftError) -> (json: JSONValue, fate: String) {
    var scaling = JSONValue.null
    switch try gguf.optionalString(key("rope.scaling.type")) {
    case nil, "none": break
    case "linear":
      scaling = [
        "rope_type": "linear",
        "factor": JSONValue(try gguf.double(key("rope.scaling.factor"))),
      ]
    case let type?:
      throw .unsupportedFeature(key("rope.scaling.type"), is: "'\(type)'", file: gguf.path)
    }
    guard let tensor = gguf[rotaryFactors] else { return (scaling, "") }
    var factors = [Float](repeating: 0, count: tensor.spec.elementCount)
    var span = factors.mutableSpan
    guard tensor.shape == [head / 2], scaling.isNull else {
      throw .rotaryFactorsUnknown(rotaryFactors, file: gguf.path)
    }
    try span.withUnsafeMutableBufferPointer { (buffer) throws(GraftError) in
      try gguf.dequantize(tensor, rows: 0..<1, into: buffer)
    }
    if factors.allSatisfy({ $0 == 1 }) { return (.null, "all ones: no rotary scaling") }
    guard let found = Llama3Scaling(explaining: factors, theta: theta) else {
      throw .rotaryFactorsUnknown(rotaryFactors, file: gguf.path)
    }
    return (found.json, "recomputed by every reader from rope_scaling in config.json")
  }
}
