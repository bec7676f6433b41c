/// A GGUF file of a llama model with 2 layers, 4 query and 2 key-value heads of width 8, hidden
/// size 32 and 8 tokens; every number is chosen so that a misplaced row shows.
public struct TinyGGUF {
  /// The keys of the metadata, in order; replace or remove some to break the file.
  public var keys: [(String, GGUFBuilder.Value)]
  /// The tensors: Hugging Face's name, GGUF's name, shape.
  public var tensors: [(name: String, ggufName: String, shape: [Int])]
  /// Bytes and a type for some tensors, by their GGUF name; others hold float32 numbers of
  /// ``values(of:count:)``.
  public var overrides: [String: (type: UInt32, bytes: [UInt8])] = [:]

  /// The tokens, as byte-level BPE spells them.
  public static let tokens = ["<|end|>", "<|start|>", "a", "b", "ab", "Ġ", "Ġa", "<tool>"]

  /// A right file.
  ///
  /// - Parameter isTied: whether the output matrix is missing.
  public init(isTied: Bool = true) {
    keys = [
      ("general.architecture", .string("llama")), ("llama.block_count", .u32(2)),
      ("llama.context_length", .u32(64)), ("llama.embedding_length", .u32(32)),
      ("llama.feed_forward_length", .u32(64)), ("llama.attention.head_count", .u32(4)),
      ("llama.attention.head_count_kv", .u32(2)),
      ("llama.attention.layer_norm_rms_epsilon", .f32(1e-5)),
      ("llama.rope.freq_base", .f32(100_000)), ("llama.rope.dimension_count", .u32(8)),
      ("tokenizer.ggml.model", .string("gpt2")), ("tokenizer.ggml.pre", .string("smollm")),
      ("tokenizer.ggml.tokens", .strings(Self.tokens)),
      ("tokenizer.ggml.token_type", .i32s([3, 3, 1, 1, 1, 1, 1, 4])),
      ("tokenizer.ggml.merges", .strings(["a b", "Ġ a"])),
      ("tokenizer.ggml.bos_token_id", .u32(1)), ("tokenizer.ggml.eos_token_id", .u32(0)),
      ("tokenizer.chat_template", .string("{{ messages }}")),
    ]
    tensors = [
      ("model.embed_tokens.weight", "token_embd.weight", [8, 32]),
      ("model.norm.weight", "output_norm.weight", [32]),
    ]
    if !isTied { tensors.append(("lm_head.weight", "output.weight", [8, 32])) }
    for layer in 0..<2 {
      for (name, ggufName, shape) in Self.layer {
        tensors.append(
          ("model.layers.\(layer).\(name).weight", "blk.\(layer).\(ggufName).weight", shape))
      }
    }
  }

  private static let layer: [(String, String, [Int])] = [
    ("input_layernorm", "attn_norm", [32]), ("self_attn.q_proj", "attn_q", [32, 32]),
    ("self_attn.k_proj", "attn_k", [16, 32]), ("self_attn.v_proj", "attn_v", [16, 32]),
    ("self_attn.o_proj", "attn_output", [32, 32]),
    ("post_attention_layernorm", "ffn_norm", [32]), ("mlp.gate_proj", "ffn_gate", [64, 32]),
    ("mlp.up_proj", "ffn_up", [64, 32]), ("mlp.down_proj", "ffn_down", [32, 64]),
  ]

  /// The numbers of a tensor in Hugging Face's order: small whole numbers, exact in bfloat16.
  public static func values(of name: String, count: Int) -> [Float] {
    let start = name.utf8.reduce(0) { ($0 * 31 + Int($1)) % 97 }
    return (0..<count).map { Float((start + $0 * 7) % 251 - 125) }
  }

  /// Sets a key, at its place or at the end; nil removes it.
  public mutating func set(_ key: String, _ value: GGUFBuilder.Value?) {
    let place = keys.firstIndex { $0.0 == key }
    switch (place, value) {
    case (let place?, let value?): keys[place].1 = value
    case (let place?, nil): keys.remove(at: place)
    case (nil, let value?): keys.append((key, value))
    case (nil, nil): break
    }
  }

  /// The bytes of the file.
  public func bytes() -> [UInt8] {
    var builder = GGUFBuilder()
    for (key, value) in keys { builder.add(key, value) }
    for (name, ggufName, shape) in tensors {
      if let (type, bytes) = overrides[ggufName] {
        builder.add(ggufName, shape: shape, type: type, bytes: bytes)
        continue
      }
      var values = Self.values(of: name, count: shape.reduce(1, *))
      if ggufName.hasSuffix("attn_q.weight") || ggufName.hasSuffix("attn_k.weight") {
        values = Self.paired(values, rows: shape[0], head: 8)
      }
      builder.add(
        ggufName, shape: shape, type: 0,
        bytes: values.flatMap { GGUFBuilder.little($0.bitPattern) })
    }
    return builder.bytes()
  }

  /// llama.cpp's order of rows: `reshape(heads, 2, head / 2).swapaxes(1, 2)`.
  private static func paired(_ values: [Float], rows: Int, head: Int) -> [Float] {
    let width = values.count / rows
    var out: [Float] = []
    for start in stride(from: 0, to: rows, by: head) {
      for place in 0..<head / 2 {
        for half in 0..<2 {
          let row = start + half * head / 2 + place
          out += values[row * width..<(row + 1) * width]
        }
      }
    }
    return out
  }
}
