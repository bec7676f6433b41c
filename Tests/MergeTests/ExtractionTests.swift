import Adapters
import Checkpoint
import Diagnostics
import FileIO
import LinearAlgebra
import Merge
import StrictJSON
import TensorCore
import TestSupport
import Testing

@Suite(.enabled(if: LinearAlgebra.isPresent, "needs libopenblas0 or liblapack3"))
struct ExtractionTests {
  let temporary: TemporaryDirectory

  init() throws { temporary = try TemporaryDirectory() }

  /// A base, and the base with a known adapter of rank 2 in q_proj and v_proj.
  private func models(
    alter: (inout TinyLlama) throws -> Void = { _ in }
  ) throws -> (base: ModelDirectory, finetuned: ModelDirectory) {
    try TinyLlama().write(to: temporary.file("base"))
    try TinyAdapter(head: false).write(to: temporary.file("known"))
    let base = try ModelDirectory(temporary.file("base"))
    _ = try MergePlan(base: base, adapter: try Adapter(temporary.file("known")))
      .write(to: temporary.file("finetuned"))
    var tuned = TinyLlama()
    let merged = try ModelDirectory(temporary.file("finetuned"))
    for i in tuned.tensors.indices {
      tuned.tensors[i].values = try #require(merged.store[tuned.tensors[i].name]).floats()
    }
    try alter(&tuned)
    removeTree(temporary.file("finetuned"))
    try tuned.write(to: temporary.file("finetuned"))
    return (base, try ModelDirectory(temporary.file("finetuned")))
  }

  @Test func `an adapter of the known rank brings the fine-tuned model back`() throws {
    let (base, finetuned) = try models()
    let extraction = try Extraction(base: base, finetuned: finetuned, size: .rank(2))
    let result = try extraction.write(to: temporary.file("adapter"))
    #expect(result.matrices.count == 4)
    #expect(result.energy > 1 - 1e-9)
    let adapter = try Adapter(temporary.file("adapter"))
    #expect(adapter.config.targetModules == .names(["q_proj", "v_proj"]))
    _ = try MergePlan(base: base, adapter: adapter).write(to: temporary.file("again"))
    let again = try ModelDirectory(temporary.file("again"))
    for source in finetuned.store.inFileOrder {
      let found = try #require(again.store[source.spec.name]).floats()
      for (a, b) in zip(found, try source.floats()) { #expect((a - b).magnitude < 1e-6) }
    }
  }

  @Test func `a difference that touches few rows is no lost adapter`() throws {
    let (base, finetuned) = try models { tuned in
      let before = TinyLlama()
      for i in tuned.tensors.indices where tuned.tensors[i].shape.count == 2 {
        // Only the first row of each matrix stays changed.
        let width = tuned.tensors[i].shape[1]
        tuned.tensors[i].values[width...] = before.tensors[i].values[width...]
      }
    }
    let path = temporary.file("adapter")
    _ = try Extraction(base: base, finetuned: finetuned, size: .rank(1)).write(to: path)
    let specs = base.store.inFileOrder.map(\.spec)
    #expect(try AdapterPlan(Adapter(path), base: specs).auditValues().isEmpty)
    // Without the record, the same rows look lost.
    removeTree("\(path)/graft.json")
    let codes = Set(try AdapterPlan(Adapter(path), base: specs).auditValues().map(\.detail.code))
    #expect(codes == [.zeroRows])
  }

  @Test func `the reported residual is what a merge is off by`() throws {
    let (base, finetuned) = try models()
    let result = try Extraction(base: base, finetuned: finetuned, size: .rank(1), dtype: .bf16)
      .write(to: temporary.file("adapter"))
    #expect(result.energy < 0.999)
    let adapter = try Adapter(temporary.file("adapter"))
    _ = try MergePlan(base: base, adapter: adapter).write(to: temporary.file("again"))
    let again = try ModelDirectory(temporary.file("again"))
    for kept in result.matrices {
      let name = kept.tensor.name
      let truth = try #require(finetuned.store[name]).floats()
      let off = zip(try #require(again.store[name]).floats(), truth).map { ($0 - $1).magnitude }
      #expect(((off.max() ?? 0) - Float(kept.largest)).magnitude < 1e-6)
      let square = off.reduce(0) { $0 + Double($1) * Double($1) }
      #expect((square - kept.residual).magnitude < 1e-6 * max(kept.norm, 1))
    }
  }

  @Test func `an energy gives each matrix its own rank`() throws {
    let (base, finetuned) = try models { tuned in
      // A third direction in one matrix alone.
      let i = try #require(
        tuned.tensors.firstIndex { $0.name.hasSuffix("0.self_attn.q_proj.weight") })
      tuned.tensors[i].values[3] += 5
      tuned.tensors[i].values[20] -= 4
    }
    let result = try Extraction(base: base, finetuned: finetuned, size: .energy(0.999_999))
      .write(to: temporary.file("adapter"))
    #expect(result.matrices.allSatisfy { $0.energy >= 0.999_998 })
    let config = try Adapter(temporary.file("adapter")).config
    #expect(config.rank == result.matrices.map(\.rank).max())
    #expect(config.rankPattern.count == 3)
    let plan = AdapterPlan(
      try Adapter(temporary.file("adapter")), base: base.store.inFileOrder.map(\.spec))
    try plan.check()
  }

  @Test func `norms, biases of nothing and heads go along whole`() throws {
    let (base, finetuned) = try models { tuned in
      let i = try #require(tuned.tensors.firstIndex { $0.name == "model.norm.weight" })
      tuned.tensors[i].values[0] += 1
      let e = try #require(tuned.tensors.firstIndex { $0.name == "model.embed_tokens.weight" })
      tuned.tensors[e].values[5] += 1
    }
    let result = try Extraction(base: base, finetuned: finetuned, size: .rank(2))
      .write(to: temporary.file("adapter"))
    #expect(Set(result.whole) == ["model.norm.weight", "model.embed_tokens.weight"])
    let adapter = try Adapter(temporary.file("adapter"))
    _ = try MergePlan(base: base, adapter: adapter).write(to: temporary.file("again"))
    let again = try ModelDirectory(temporary.file("again"))
    for name in result.whole {
      #expect(
        try haveEqualBytes(
          try #require(again.store[name]), try #require(finetuned.store[name])))
    }
  }

  /// A tied base, and a copy with another embedding and another q_proj.
  private func tiedModels() throws -> (base: ModelDirectory, finetuned: ModelDirectory) {
    var tiny = TinyLlama()
    tiny.tensors.removeAll { $0.name == "lm_head.weight" }
    try tiny.config.set("tie_word_embeddings", "true")
    try tiny.write(to: temporary.file("base"))
    for name in ["model.embed_tokens.weight", "model.layers.0.self_attn.q_proj.weight"] {
      let i = try #require(tiny.tensors.firstIndex { $0.name == name })
      tiny.tensors[i].values = tiny.tensors[i].values.enumerated().map { i, value in
        value + 0.1 * Float(i % 5 + 1)
      }
    }
    try tiny.write(to: temporary.file("finetuned"))
    return (
      try ModelDirectory(temporary.file("base")), try ModelDirectory(temporary.file("finetuned"))
    )
  }

  @Test func `an embedding that the output is tied to stays tied`() throws {
    let (base, finetuned) = try tiedModels()
    _ = try Extraction(base: base, finetuned: finetuned, size: .energy(1))
      .write(to: temporary.file("adapter"))
    _ = try MergePlan(base: base, adapter: try Adapter(temporary.file("adapter")))
      .write(to: temporary.file("again"))
    let again = try ModelDirectory(temporary.file("again"))
    #expect(again.store.names == finetuned.store.names)
    #expect(try again.config.tiesEmbeddings)
    let name = "model.embed_tokens.weight"
    #expect(
      try haveEqualBytes(try #require(again.store[name]), try #require(finetuned.store[name])))
    guard PeersPython.isPresent else { return }
    let script = """
      import sys, torch, warnings
      from transformers import AutoModelForCausalLM
      from peft import PeftModel
      folder = sys.argv[1]
      warnings.filterwarnings("error", category=UserWarning, message=".*missing.*")
      base = AutoModelForCausalLM.from_pretrained(folder + "/base", dtype=torch.float32)
      tuned = AutoModelForCausalLM.from_pretrained(folder + "/finetuned", dtype=torch.float32)
      model = PeftModel.from_pretrained(base, folder + "/adapter")
      ids = torch.arange(12)[None]
      off = (model(ids).logits - tuned(ids).logits).abs().max().item()
      assert off < 1e-5, off
      """
    try PeersPython.run(["-c", script, temporary.path])
  }

  @Test func `what an adapter cannot hold is refused, or listed`() throws {
    let (base, finetuned) = try models { tuned in
      tuned.tensors.append(TensorFixture("model.extra.weight", [3, 3]))
    }
    let error = #expect(throws: GraftError.self) {
      try Extraction(base: base, finetuned: finetuned, size: .rank(2))
    }
    #expect(error?.code == .notCaptured)
    let partial = try Extraction(
      base: base, finetuned: finetuned, size: .rank(2), allowsPartial: true)
    let result = try partial.write(to: temporary.file("adapter"))
    #expect(result.losses.map(\.tensor) == ["model.extra.weight"])
    let json = try JSONValue.parse(try readFile(temporary.file("adapter/graft.json")))
    #expect(json["settings"]?["not_captured"]?.array?.count == 1)
  }

  @Test func `equal checkpoints give nothing`() throws {
    try TinyLlama().write(to: temporary.file("a"))
    try TinyLlama().write(to: temporary.file("b"))
    let error = #expect(throws: GraftError.self) {
      try Extraction(
        base: try ModelDirectory(temporary.file("a")),
        finetuned: try ModelDirectory(temporary.file("b")), size: .rank(2))
    }
    #expect(error?.code == .nothingToExtract)
  }

  @Test(.enabled(if: PeersPython.isPresent, "needs make peers"))
  func `PEFT merges an extracted adapter to the fine-tuned weights`() throws {
    let (base, finetuned) = try models { tuned in
      let i = try #require(tuned.tensors.firstIndex { $0.name == "model.norm.weight" })
      tuned.tensors[i].values[0] += 1
      let q = try #require(
        tuned.tensors.firstIndex { $0.name.hasSuffix("0.self_attn.q_proj.weight") })
      tuned.tensors[q].values[3] += 5
    }
    _ = try Extraction(base: base, finetuned: finetuned, size: .energy(0.999_999_9))
      .write(to: temporary.file("adapter"))
    try PeersPython.run([
      "-c",
      """
      import torch, warnings
      from transformers import AutoModelForCausalLM
      from peft import PeftModel
      from safetensors.torch import load_file
      warnings.filterwarnings("error", category=UserWarning)
      model = AutoModelForCausalLM.from_pretrained("\(temporary.file("base"))", dtype=torch.float32)
      model = PeftModel.from_pretrained(model, "\(temporary.file("adapter"))").merge_and_unload()
      truth = load_file("\(temporary.file("finetuned"))/model.safetensors")
      state = model.state_dict()
      for name, tensor in truth.items():
          off = (state[name] - tensor).abs().max().item()
          assert off < 2e-3, (name, off)
      """,
    ])
  }
}
