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

/// Models that no table describes, or only in part, are merged by their tensors' names.
@Suite struct UncheckedMergeTests {
  let temporary: TemporaryDirectory

  init() throws { temporary = try TemporaryDirectory() }

  /// An adapter on q_proj, with module paths that begin with `prefix`; with a head where asked.
  private func adapter(prefix: String, head: Bool = false) throws -> Adapter {
    let path = temporary.file("adapter")
    try makeDirectories(path)
    try writeFileAtomically(
      "\(path)/adapter_config.json",
      """
      {"peft_type": "LORA", "task_type": "\(head ? "SEQ_CLS" : "CAUSAL_LM")", "r": 2,
       "lora_alpha": 4, "target_modules": ["q_proj"]\(head ? #", "modules_to_save": ["score"]"# : "")}
      """)
    var tensors: [TensorFixture] = []
    for layer in 0..<2 {
      let module = "base_model.model.\(prefix)layers.\(layer).self_attn.q_proj"
      tensors.append(TensorFixture("\(module).lora_A.weight", [2, 8]))
      tensors.append(TensorFixture("\(module).lora_B.weight", [8, 2]))
    }
    if head { tensors.append(TensorFixture("base_model.model.score.weight", [1, 8])) }
    try TensorFixture.write(tensors, to: "\(path)/adapter_model.safetensors")
    return try Adapter(path)
  }

  private func merge(_ base: ModelDirectory, _ adapter: Adapter) throws -> ModelDirectory {
    let plan = try MergePlan(base: base, adapter: adapter)
    #expect(plan.findings.contains { $0.detail.code == .familyUnchecked })
    _ = try plan.write(to: temporary.file("out"))
    let record = try JSONValue.parse(try readFile(temporary.file("out/graft.json")))
    #expect(record["ledger"]?["unchecked"]?.array?.count == 1)
    let merged = try ModelDirectory(temporary.file("out"))
    let proof = try WeightsProof(base: base, merged: merged, adapter: adapter)
    #expect(proof.holds)
    #expect(proof.tensors.count == merged.store.names.count)
    return merged
  }

  private func unknown() throws -> ModelDirectory {
    var tiny = TinyLlama()
    try tiny.config.set("model_type", #""newest""#)
    try tiny.config.set("architectures", #"["NewestForCausalLM"]"#)
    tiny.tensors.append(TensorFixture("model.layers.0.novelty.weight", [3, 8]))
    try tiny.write(to: temporary.file("base"))
    return try ModelDirectory(temporary.file("base"))
  }

  @Test func `a family without a table keeps every tensor`() throws {
    let base = try unknown()
    let merged = try merge(base, try adapter(prefix: "model."))
    #expect(merged.store.names == base.store.names)
    let changed = try base.store.names.filter {
      try base.store[$0]?.bytes() != merged.store[$0]?.bytes()
    }
    #expect(changed == (0..<2).map { "model.layers.\($0).self_attn.q_proj.weight" })
  }

  @Test func `a head on it makes a classifier of its name`() throws {
    let merged = try merge(try unknown(), try adapter(prefix: "model.", head: true))
    #expect(merged.config.architectures == ["NewestForSequenceClassification"])
    #expect(merged.store["score.weight"]?.spec.shape == [1, 8])
    #expect(merged.store["lm_head.weight"] == nil)
    #expect(merged.store["model.layers.0.novelty.weight"] != nil)
  }

  @Test(arguments: ["model.language_model.", "language_model.model."])
  func `an adapter lands in the language model of a larger one`(_ prefix: String) throws {
    var tiny = TinyLlama()
    for place in tiny.tensors.indices {
      tiny.tensors[place].name = "language_model." + tiny.tensors[place].name
    }
    tiny.tensors.append(TensorFixture("vision_tower.layers.0.self_attn.out.weight", [4, 4]))
    let text = tiny.config.text
    try tiny.write(to: temporary.file("base"))
    try writeFileAtomically(
      temporary.file("base/config.json"),
      """
      {"model_type": "llava", "architectures": ["LlavaForConditionalGeneration"],
       "text_config": \(text)}
      """)
    let base = try ModelDirectory(temporary.file("base"))
    #expect(base.names.embeddingName == "language_model.model.embed_tokens.weight")
    #expect(base.names.outputName == "language_model.lm_head.weight")
    let merged = try merge(base, try adapter(prefix: prefix))
    #expect(merged.store.names == base.store.names)
    #expect(merged.config.json["text_config"] == base.config.json["text_config"])
    let name = "language_model.model.layers.1.self_attn.q_proj.weight"
    #expect(try base.store[name]?.bytes() != merged.store[name]?.bytes())
  }

  @Test func `a tied embedding within a larger model is not untied`() throws {
    var tiny = TinyLlama()
    tiny.tensors.removeAll { $0.name == "lm_head.weight" }
    for place in tiny.tensors.indices {
      tiny.tensors[place].name = "language_model." + tiny.tensors[place].name
    }
    try tiny.config.set("tie_word_embeddings", "true")
    try tiny.write(to: temporary.file("base"))
    removeTree(temporary.file("base/config.json"))
    try writeFileAtomically(
      temporary.file("base/config.json"),
      """
      {"model_type": "llava", "architectures": ["LlavaForConditionalGeneration"],
       "tie_word_embeddings": true, "text_config": \(tiny.config.text)}
      """)
    var adapter = TinyAdapter(head: false)
    let embedding = "base_model.model.model.language_model.embed_tokens"
    adapter.tensors = [
      TensorFixture("\(embedding).lora_embedding_A", [2, 16]),
      TensorFixture("\(embedding).lora_embedding_B", [8, 2]),
    ]
    try adapter.config.set("target_modules", #"["embed_tokens"]"#)
    try adapter.write(to: temporary.file("embedding"))
    let error = #expect(throws: GraftError.self) {
      try MergePlan(
        base: ModelDirectory(temporary.file("base")), adapter: Adapter(temporary.file("embedding")))
    }
    #expect(error?.code == .tiedEmbeddingChanged, "\(String(describing: error))")
    #expect(error?.message.contains("within a larger one") == true)
    #expect(error?.remedy?.contains("ensure_weight_tying") == true)
  }
}
