import Checkpoint
import Diagnostics
import FileIO
import GGUF
import Merge
import Safetensors
import StrictJSON
import TensorCore
import TestSupport
import Testing

@Suite("Converting GGUF")
struct ConversionTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  @discardableResult
  func convert(
    _ model: TinyGGUF, dtype: DType? = nil, shardByteLimit: Int = 1 << 30
  ) throws -> Conversion.Summary {
    let input = directory.file("\(UInt64.random(in: 0 ... .max)).gguf")
    _ = try directory.write(model.bytes(), to: splitPath(input).name)
    var conversion = Conversion(input: input, output: directory.file("out"), dtype: dtype)
    conversion.shardByteLimit = shardByteLimit
    return try conversion.run()
  }

  func json(_ name: String) throws -> JSONValue {
    try JSONValue.parse(readFile(directory.file("out/\(name)")))
  }

  @Test("Every tensor arrives under its name, in its order", arguments: [true, false])
  func tensors(_ isTied: Bool) throws {
    let model = TinyGGUF(isTied: isTied)
    let summary = try convert(model, dtype: .f32)
    let file = try SafetensorsFile(directory.file("out/model.safetensors"))
    #expect(file.tensors.map(\.name) == model.tensors.map(\.name).sorted())
    #expect(file.metadata == ["format": "pt"])
    #expect(summary.tensorCount == model.tensors.count)
    #expect(summary.dropped.isEmpty && summary.notes.isEmpty)
    for (name, _, shape) in model.tensors {
      #expect(file.spec(of: name) == TensorSpec(name: name, dtype: .f32, shape: shape))
      let expected = TinyGGUF.values(of: name, count: shape.reduce(1, *))
      let found = try file.withBytes(of: name) { bytes in
        expected.indices.map { bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self) }
      }
      #expect(found == expected, "\(name)")
    }
    #expect(try json("config.json")["tie_word_embeddings"]?.bool == isTied)
  }

  @Test("Numbers are rounded once to the type asked for", arguments: [DType.bf16, .f16])
  func rounds(_ dtype: DType) throws {
    var model = TinyGGUF()
    // Between two bfloat16 numbers and two float16 numbers, a tie and beside it.
    let values: [Float] = [1.0078125 / 2, 1.001_953_1, 1.000_488_3, 1.000_488_4]
    let row = (0..<32).map { values[$0 % 4] }
    model.overrides["output_norm.weight"] = (
      0, row.flatMap { GGUFBuilder.little($0.bitPattern) }
    )
    try convert(model, dtype: dtype)
    let file = try SafetensorsFile(directory.file("out/model.safetensors"))
    let bits = try file.withBytes(of: "model.norm.weight") { bytes in
      (0..<4).map { bytes.loadUnaligned(fromByteOffset: $0 * 2, as: UInt16.self) }
    }
    #expect(
      bits == values.map { dtype == .f16 ? Float16($0).bitPattern : BFloat16($0).bitPattern })
    #expect(try json("config.json")["torch_dtype"]?.string == dtype.torchName)
  }

  @Test("Shards, an index, and graft.json with an origin for every tensor")
  func shards() throws {
    let model = TinyGGUF()
    try convert(model, shardByteLimit: 8192)
    let out = try ModelDirectory(directory.file("out"))
    #expect(out.store.files.count > 2)
    #expect(out.store.names == model.tensors.map(\.name).sorted())
    let provenance = try json("graft.json")
    #expect(provenance["command"]?.string == "convert")
    let ledger = try #require(provenance["ledger"]?["tensors"]?.object)
    #expect(ledger.keys.sorted() == out.store.names)
    #expect(
      ledger["model.layers.0.self_attn.q_proj.weight"]?["from"]?.array?.first?.string?
        .hasSuffix("blk.0.attn_q.weight") == true)
    #expect(try out.resolve(as: .causal).tensors.count == model.tensors.count)
  }

  @Test("config.json says what the metadata say")
  func config() throws {
    try convert(TinyGGUF())
    let config = try json("config.json")
    let expected: JSONValue = [
      "architectures": ["LlamaForCausalLM"], "attention_bias": false, "attention_dropout": 0.0,
      "bos_token_id": 1, "eos_token_id": 0, "head_dim": 8, "hidden_act": "silu",
      "hidden_size": 32, "intermediate_size": 64, "max_position_embeddings": 64,
      "mlp_bias": false, "model_type": "llama", "num_attention_heads": 4, "num_hidden_layers": 2,
      "num_key_value_heads": 2, "rms_norm_eps": 1e-05, "rope_scaling": nil,
      "rope_theta": 100000.0, "tie_word_embeddings": true, "torch_dtype": "bfloat16",
      "use_cache": true, "vocab_size": 8,
    ]
    #expect(config == expected)
    #expect(
      try String(decoding: readFile(directory.file("out/chat_template.jinja")), as: UTF8.self)
        == "{{ messages }}")
  }

  @Test("Llama 3's rotary scaling is told from its factors, and checked against all of them")
  func rotaryScaling() throws {
    // Scripts/golden/llama3_factors.py: transformers 5.23.0, head width 8, theta 500000.
    let golden: [Float] = [1, 1, 3.292_262_6, 32]
    var model = TinyGGUF()
    model.set("llama.rope.freq_base", .f32(500_000))
    model.tensors.append(("", "rope_freqs.weight", [4]))
    func setFactors(_ values: [Float], in model: inout TinyGGUF) {
      model.overrides["rope_freqs.weight"] = (
        0, values.flatMap { GGUFBuilder.little($0.bitPattern) }
      )
    }
    setFactors(golden, in: &model)
    let summary = try convert(model)
    #expect(summary.dropped.map(\.tensor) == ["rope_freqs.weight"])
    let scaling: JSONValue = [
      "rope_type": "llama3", "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
      "original_max_position_embeddings": 8192,
    ]
    #expect(try json("config.json")["rope_scaling"] == scaling)

    removeTree(directory.file("out"))
    setFactors([1, 1, 1, 1], in: &model)
    try convert(model)
    #expect(try json("config.json")["rope_scaling"] == .null)

    removeTree(directory.file("out"))
    setFactors([1, 1, 5, 32], in: &model)
    let error = try #require(throws: GraftError.self) { try convert(model) }
    #expect(error.code == .notDerivable, "\(error)")
  }

  struct Fault: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var code: GraftError.Code
    var says: String
    var change: @Sendable (inout TinyGGUF) -> Void
  }

  static let faults: [Fault] = [
    Fault(testDescription: "another architecture", code: .unsupportedGGUF, says: "'gemma3'") {
      $0.set("general.architecture", .string("gemma3"))
    },
    Fault(testDescription: "an adapter", code: .unsupportedGGUF, says: "'adapter'") {
      $0.set("general.type", .string("adapter"))
    },
    Fault(testDescription: "one part of three", code: .unsupportedGGUF, says: "3 parts") {
      $0.set("split.count", .u32(3))
    },
    Fault(testDescription: "a vocabulary only", code: .unsupportedGGUF, says: "vocabulary") {
      $0.tensors = []
    },
    Fault(testDescription: "experts", code: .unsupportedGGUF, says: "expert_count") {
      $0.set("llama.expert_count", .u32(8))
    },
    Fault(testDescription: "partial rotary", code: .unsupportedGGUF, says: "dimension_count") {
      $0.set("llama.rope.dimension_count", .u32(4))
    },
    Fault(testDescription: "yarn", code: .unsupportedGGUF, says: "'yarn'") {
      $0.set("llama.rope.scaling.type", .string("yarn"))
    },
    Fault(testDescription: "no hidden size", code: .ggufMetadata, says: "embedding_length") {
      $0.set("llama.embedding_length", nil)
    },
    Fault(testDescription: "heads of no model", code: .unsupportedGGUF, says: "head_count") {
      $0.set("llama.attention.head_count", .u32(0))
    },
    Fault(testDescription: "a tensor missing", code: .missingTensors, says: "k_proj") {
      $0.tensors.removeAll { $0.ggufName == "blk.1.attn_k.weight" }
    },
    Fault(testDescription: "a tensor too many", code: .unexpectedTensors, says: "blk.2.attn_q") {
      $0.tensors.append(("model.layers.2.x", "blk.2.attn_q.weight", [32, 32]))
    },
    Fault(testDescription: "an unknown tensor", code: .unexpectedTensors, says: "blk.0.lost") {
      $0.tensors.append(("x", "blk.0.lost.weight", [32]))
    },
    Fault(testDescription: "a bias nobody expects", code: .unexpectedTensors, says: "attn_v.bias") {
      $0.tensors.append(("x", "blk.0.attn_v.bias", [16]))
    },
    Fault(testDescription: "another shape", code: .shapeMismatch, says: "[32, 64]") {
      $0.set("llama.feed_forward_length", .u32(96))
    },
    Fault(testDescription: "an unreadable type", code: .unreadableGGMLType, says: "Q8_1") {
      $0.overrides["blk.1.ffn_up.weight"] = (9, [UInt8](repeating: 0, count: 64 * 40))
    },
    Fault(testDescription: "a NaN", code: .nonFinite, says: "NaN") {
      $0.overrides["blk.1.ffn_norm.weight"] = (
        0, (0..<32).flatMap { GGUFBuilder.little(($0 == 9 ? Float.nan : 1).bitPattern) }
      )
    },
    Fault(testDescription: "SentencePiece", code: .unsupportedTokenizer, says: "'llama'") {
      $0.set("tokenizer.ggml.model", .string("llama"))
    },
    Fault(testDescription: "an unknown splitter", code: .unsupportedTokenizer, says: "'tekken'") {
      $0.set("tokenizer.ggml.pre", .string("kimi-k2"))
    },
    Fault(testDescription: "no splitter", code: .unsupportedTokenizer, says: "is missing") {
      $0.set("tokenizer.ggml.pre", nil)
    },
    Fault(testDescription: "a token twice", code: .unsupportedTokenizer, says: "twice") {
      $0.set("tokenizer.ggml.tokens", .strings(Array(TinyGGUF.tokens.prefix(7)) + ["a"]))
    },
    Fault(testDescription: "types of fewer tokens", code: .unsupportedTokenizer, says: "1 token") {
      $0.set("tokenizer.ggml.token_type", .i32s([1]))
    },
    Fault(testDescription: "more tokens than rows", code: .unsupportedTokenizer, says: "8 rows") {
      $0.set("tokenizer.ggml.tokens", .strings(TinyGGUF.tokens + ["c"]))
      $0.set("tokenizer.ggml.token_type", .i32s([Int32](repeating: 1, count: 9)))
    },
    Fault(testDescription: "a merge of no token", code: .unsupportedTokenizer, says: "'b a'") {
      $0.set("tokenizer.ggml.merges", .strings(["b a"]))
    },
    Fault(testDescription: "an id beyond the tokens", code: .unsupportedTokenizer, says: "99") {
      $0.set("tokenizer.ggml.eos_token_id", .u32(99))
    },
  ]

  @Test("What cannot be converted exactly is refused, and leaves nothing", arguments: faults)
  func refuses(_ fault: Fault) throws {
    var model = TinyGGUF()
    fault.change(&model)
    let error = try #require(throws: GraftError.self) { try convert(model) }
    #expect(error.code == fault.code, "\(error)")
    #expect(error.description.contains(fault.says), "\(error)")
    let left = try directoryEntries(directory.path).filter { !$0.hasSuffix(".gguf") }
    #expect(left.isEmpty)
  }

  @Test("A number that float16 cannot hold is an error, not an infinity")
  func refusesOverflow() throws {
    var model = TinyGGUF()
    let large = (0..<32).map { $0 == 5 ? Float(65520) : 65519 }
    model.overrides["output_norm.weight"] = (
      0, large.flatMap { GGUFBuilder.little($0.bitPattern) }
    )
    let error = try #require(throws: GraftError.self) { try convert(model, dtype: .f16) }
    #expect(error.code == .nonFinite)
    #expect(error.tensor == "output_norm.weight")
    try convert(model, dtype: .bf16)
  }

  @Test("A file cut short or of another kind is refused, and an output is never overwritten")
  func refusesForeign() throws {
    let bytes = TinyGGUF().bytes()
    for (name, content) in [
      ("cut.gguf", Array(bytes.dropLast(100))), ("web.gguf", Array("<!DOCTYPE html>".utf8)),
      ("empty.gguf", []),
    ] {
      let path = try directory.write(content, to: name)
      #expect(throws: GraftError.self, "\(name)") {
        try Conversion(input: path, output: directory.file("out")).run()
      }
    }
    #expect(throws: GraftError.self) {
      try Conversion(input: directory.file("none"), output: directory.file("out")).run()
    }
    try makeDirectories(directory.file("out"))
    let error = try #require(throws: GraftError.self) { try convert(TinyGGUF()) }
    #expect(error.code == .outputExists)
  }
}
