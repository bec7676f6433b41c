import Adapters
import Checkpoint
import Diagnostics
import FileIO
import Merge
import StrictJSON
import TensorCore
import TestSupport
import Testing
import Verify

@Suite struct VocabularyTests {
  let temporary: TemporaryDirectory

  init() throws { temporary = try TemporaryDirectory() }

  private func tokenizer(_ path: String, ids: Int) throws {
    let entries = (0..<ids).map { "\"t\($0)\": \($0)" }.joined(separator: ", ")
    try writeFileAtomically(
      "\(path)/tokenizer.json",
      #"{"model": {"type": "BPE", "vocab": {\#(entries)}, "merges": []}, "added_tokens": []}"#)
  }

  /// A base of 16 tokens, and an adapter whose embeddings have other numbers of rows.
  private func make(
    embedding: Int?, output: Int?, tokens: Int? = nil, tied: Bool = false
  ) throws -> (base: ModelDirectory, adapter: Adapter) {
    let (base, adapter) = (temporary.file("base"), temporary.file("adapter"))
    var tiny = TinyLlama()
    if tied {
      try tiny.config.set("tie_word_embeddings", "true")
      tiny.tensors.removeLast()
    }
    try tiny.write(to: base)
    try tokenizer(base, ids: 16)
    try makeDirectories(adapter)
    let saved = [embedding.map { _ in "embed_tokens" }, output.map { _ in "lm_head" }]
    try writeFileAtomically(
      "\(adapter)/adapter_config.json",
      """
      {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 2, "lora_alpha": 4,
       "target_modules": ["q_proj"],
       "modules_to_save": [\(saved.compactMap { $0 }.map { "\"\($0)\"" }.joined(separator: ", "))]}
      """)
    var tensors: [TensorFixture] = []
    for layer in 0..<2 {
      let module = "base_model.model.model.layers.\(layer).self_attn.q_proj"
      tensors.append(TensorFixture("\(module).lora_A.weight", [2, 8]))
      tensors.append(TensorFixture("\(module).lora_B.weight", [8, 2]))
    }
    if let embedding {
      tensors.append(TensorFixture("base_model.model.model.embed_tokens.weight", [embedding, 8]))
    }
    if let output { tensors.append(TensorFixture("base_model.model.lm_head.weight", [output, 8])) }
    try TensorFixture.write(tensors, to: "\(adapter)/adapter_model.safetensors")
    if let tokens { try tokenizer(adapter, ids: tokens) }
    return (try ModelDirectory(base), try Adapter(adapter))
  }

  @Test(arguments: [(19, 19), (24, 19), (12, 12)])
  func `embeddings of another size decide the vocabulary`(_ rows: Int, _ tokens: Int) throws {
    let (base, adapter) = try make(embedding: rows, output: rows, tokens: tokens)
    if tokens < 16 { try tokenizer(base.path, ids: tokens) }
    let plan = try MergePlan(base: base, adapter: adapter)
    #expect(plan.findings.contains { $0.detail.code == .vocabularyMismatch })
    _ = try plan.write(to: temporary.file("out"))
    let merged = try ModelDirectory(temporary.file("out"))
    #expect(try merged.config.vocabularySize == rows)
    for (name, saved) in [
      ("model.embed_tokens.weight", "base_model.model.model.embed_tokens.weight"),
      ("lm_head.weight", "base_model.model.lm_head.weight"),
    ] {
      #expect(try merged.store[name]?.floats() == adapter.store[saved]?.floats())
    }
    let sizes = try VocabularySizes(merged)
    #expect(sizes.agree)
    #expect(sizes.tokenizer == tokens)
    _ = try merged.resolve(as: .causal)
    #expect(try WeightsProof(base: base, merged: merged, adapter: adapter).holds)
  }

  @Test func `a tied model stays tied, and its one matrix grows`() throws {
    let (base, adapter) = try make(embedding: 20, output: nil, tokens: 20, tied: true)
    var json = adapter.config.json
    json["ensure_weight_tying"] = true
    try writeFileAtomically(
      "\(adapter.path)/adapter_config.json", JSONValue.object(json).text())
    let plan = try MergePlan(base: base, adapter: try Adapter(adapter.path))
    _ = try plan.write(to: temporary.file("out"))
    let merged = try ModelDirectory(temporary.file("out"))
    #expect(try merged.config.vocabularySize == 20)
    #expect(try merged.config.tiesEmbeddings)
    #expect(merged.store["lm_head.weight"] == nil)
    #expect(merged.store["model.embed_tokens.weight"]?.spec.shape == [20, 8])
  }

  @Test func `padded rows hold added tokens, and their tokenizer goes along`() throws {
    let (base, adapter) = try make(embedding: nil, output: nil, tokens: 16)
    try tokenizer(base.path, ids: 14)
    try writeFileAtomically("\(base.path)/added_tokens.json", "{}")
    _ = try MergePlan(base: base, adapter: adapter).write(to: temporary.file("out"))
    #expect(try VocabularySizes.tokens(in: temporary.file("out")) == 16)
    #expect(!fileExists(temporary.file("out/added_tokens.json")))
  }

  @Test(
    arguments: [(19, 16, 19), (19, nil, 19), (18, 18, 19), (nil, nil, 19), (12, 12, nil)]
      as [(
        Int?, Int?, Int?
      )])
  func `sizes that cannot agree are refused with all four`(
    _ embedding: Int?, _ output: Int?, _ tokens: Int?
  ) throws {
    let (base, adapter) = try make(embedding: embedding, output: output, tokens: tokens)
    let error = #expect(throws: GraftError.self) { try MergePlan(base: base, adapter: adapter) }
    #expect(error?.code == .vocabularyMismatch)
    for part in [
      "config.json says 16", "input embedding has \(embedding ?? 16) rows",
      "output matrix \(output ?? 16)", "tokenizer \(tokens ?? 16) ids",
    ] { #expect(error?.message.contains(part) == true, "\(part)") }
  }

  @Test func `rows without names are warned of`() throws {
    let (base, adapter) = try make(embedding: 19, output: 19)
    let plan = try MergePlan(base: base, adapter: adapter)
    #expect(
      plan.findings.contains {
        $0.severity == .warning && $0.detail.message.contains("no tokenizer")
      })
  }

  @Test(
    .enabled(if: Shared.isPresent), arguments: ["lora_mts_resized_llama", "lf_pt_lora_vocab"])
  func `real grown vocabularies merge to what the peers wrote`(_ name: String) throws {
    let zoo = Shared.zoo(name)
    let isExport = directoryExists("\(zoo)/export")
    let base = try ModelDirectory(Shared.zoo("base_llama_f32"))
    let adapter = try Adapter("\(zoo)/\(isExport ? "output" : "adapter")")
    let plan = try MergePlan(base: base, adapter: adapter)
    _ = try plan.write(to: temporary.file("out"))
    let merged = try ModelDirectory(temporary.file("out"))
    _ = try merged.resolve(as: .causal)
    #expect(try VocabularySizes(merged).agree)
    #expect(try merged.config.vocabularySize == (isExport ? 576 : 516))
    #expect(try WeightsProof(base: base, merged: merged, adapter: adapter).holds)
    let truth =
      isExport
      ? try TensorStore(directory: "\(zoo)/export")
      : try TensorStore(safetensors: "\(zoo)/merged_changed_float32.safetensors")
    if isExport {
      #expect(
        try VocabularySizes.tokens(in: merged.path) == VocabularySizes.tokens(in: adapter.path))
      #expect(truth.names == merged.store.names)
    }
    for source in truth.inFileOrder {
      let mine = try #require(merged.store[source.spec.name])
      #expect(mine.spec.shape == source.spec.shape)
      let (a, b) = (try mine.floats(), try source.floats())
      #expect(
        zip(a, b).allSatisfy { abs($0 - $1) <= 2e-6 * max(1, abs($1)) }, "\(source.spec.name)")
    }
  }
}
