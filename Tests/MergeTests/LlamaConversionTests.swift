import Checkpoint
import Diagnostics
import FileIO
import Merge
import StrictJSON
import TestSupport
import Testing

@Suite struct LlamaConversionTests {
  /// The same weights under InternLM2's names and under Llama's.
  @Test(.enabled(if: Shared.isPresent))
  func `InternLM2 becomes the Llama of the same weights`() throws {
    let temporary = try TemporaryDirectory()
    var conversion = Conversion(
      input: Shared.zoo("base_internlm2_layout"), output: temporary.file("out"))
    conversion.asLlama = true
    _ = try conversion.run()
    let made = try ModelDirectory(temporary.file("out"))
    #expect(made.config.modelType == "llama")
    #expect(made.config.architectures == ["LlamaForCausalLM"])
    #expect(made.config.json["auto_map"] == nil)
    #expect(try made.resolve(as: .causal).tensors.count == made.store.names.count)
    let llama = try ModelDirectory(Shared.zoo("base_llama_f32"))
    #expect(made.store.names == llama.store.names)
    for name in llama.store.names {
      let (a, b) = (try #require(made.store[name]), try #require(llama.store[name]))
      #expect(a.spec == b.spec)
      #expect(try a.bytes() == b.bytes(), "\(name)")
    }
  }

  @Test func `a bias comes apart like its weight`() throws {
    let temporary = try TemporaryDirectory()
    try makeInternLM2(temporary.file("m"))
    var conversion = Conversion(input: temporary.file("m"), output: temporary.file("out"))
    conversion.asLlama = true
    _ = try conversion.run()
    let made = try ModelDirectory(temporary.file("out"))
    _ = try made.resolve(as: .causal)
    let prefix = "model.layers.0.self_attn"
    // Groups of two queries, a key and a value, each two wide.
    #expect(
      try made.store["\(prefix).q_proj.bias"]?.floats() == [0, 1, 2, 3, 8, 9, 10, 11])
    #expect(try made.store["\(prefix).k_proj.bias"]?.floats() == [4, 5, 12, 13])
    #expect(try made.store["\(prefix).v_proj.bias"]?.floats() == [6, 7, 14, 15])
    #expect(
      try made.store["\(prefix).k_proj.weight"]?.floats(rows: 2..<3)
        == [Float](repeating: 12, count: 8))
  }

  @Test func `another family is refused`() throws {
    let temporary = try TemporaryDirectory()
    try TinyLlama().write(to: temporary.file("m"))
    var conversion = Conversion(input: temporary.file("m"), output: temporary.file("out"))
    conversion.asLlama = true
    let error = #expect(throws: GraftError.self) { _ = try conversion.run() }
    #expect(error?.message.contains("'internlm2' can") == true)
  }

  private func makeInternLM2(_ path: String) throws {
    let layer = "model.layers.0"
    let rows = (0..<16).map(Float.init)
    try makeDirectories(path)
    try writeFileAtomically(
      "\(path)/config.json",
      """
      {"model_type": "internlm2", "architectures": ["InternLM2ForCausalLM"], "hidden_size": 8,
       "intermediate_size": 12, "vocab_size": 16, "num_hidden_layers": 1,
       "num_attention_heads": 4, "num_key_value_heads": 2, "tie_word_embeddings": false}
      """)
    try TensorFixture.write(
      [
        TensorFixture("model.tok_embeddings.weight", [16, 8]),
        TensorFixture(
          "\(layer).attention.wqkv.weight", [16, 8],
          rows.flatMap { [Float](repeating: $0, count: 8) }),
        TensorFixture("\(layer).attention.wqkv.bias", [16], rows),
        TensorFixture("\(layer).attention.wo.weight", [8, 8]),
        TensorFixture("\(layer).attention.wo.bias", [8]),
        TensorFixture("\(layer).feed_forward.w1.weight", [12, 8]),
        TensorFixture("\(layer).feed_forward.w3.weight", [12, 8]),
        TensorFixture("\(layer).feed_forward.w2.weight", [8, 12]),
        TensorFixture("\(layer).attention_norm.weight", [8]),
        TensorFixture("\(layer).ffn_norm.weight", [8]),
        TensorFixture("model.norm.weight", [8]),
        TensorFixture("output.weight", [16, 8]),
      ], to: "\(path)/model.safetensors")
  }
}
