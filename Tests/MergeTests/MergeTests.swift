import Adapters
import Checkpoint
import Diagnostics
import FileIO
import Merge
import StrictJSON
import TensorCore
import TestSupport
import Testing

@Suite struct MergeTests {
  let temporary: TemporaryDirectory

  init() throws { temporary = try TemporaryDirectory() }

  private func pair(
    base: TinyLlama = TinyLlama(), adapter: TinyAdapter = TinyAdapter(head: false)
  ) throws -> (ModelDirectory, Adapter) {
    try base.write(to: temporary.file("base"))
    try adapter.write(to: temporary.file("adapter"))
    return (try ModelDirectory(temporary.file("base")), try Adapter(temporary.file("adapter")))
  }

  @Test(arguments: [DType.f32, .bf16, .f16])
  func `each number is the float64 sum rounded once`(dtype: DType) throws {
    let (base, adapter) = try pair()
    let plan = try MergePlan(base: base, adapter: adapter, options: MergeOptions(dtype: dtype))
    _ = try plan.write(to: temporary.file("out"))
    let merged = try ModelDirectory(temporary.file("out"))
    let changes = AdapterPlan(adapter, base: base.store.inFileOrder.map(\.spec)).changes
    let deltas = changes.compactMapValues { $0.first?.lowRank }
    #expect(!deltas.isEmpty)
    for (name, delta) in deltas {
      let source = try #require(base.store[name])
      let exact = try ReferenceMerge.values(try source.floats(), delta)
      let found = try #require(merged.store[name])
      #expect(found.spec.dtype == dtype)
      for (value, truth) in zip(try found.floats(), exact) {
        #expect(ReferenceMerge.ulps(value, truth, dtype) == 0, "\(name)")
      }
    }
  }

  @Test func `tensors without a delta keep their bits, and the whole model resolves`() throws {
    let (base, adapter) = try pair()
    let plan = try MergePlan(base: base, adapter: adapter)
    let result = try plan.write(to: temporary.file("out"))
    let merged = try ModelDirectory(temporary.file("out"))
    _ = try merged.resolve(as: .causal)
    let changes = AdapterPlan(adapter, base: base.store.inFileOrder.map(\.spec)).changes
    let deltas = changes.compactMapValues { $0.first?.lowRank }
    #expect(result.changedTensors == deltas.count)
    for name in base.store.names {
      let (before, after) = (try #require(base.store[name]), try #require(merged.store[name]))
      #expect(try haveEqualBytes(before, after) == (deltas[name] == nil), "\(name)")
    }
  }

  @Test func `an adapter with a head makes a classifier`() throws {
    let (base, adapter) = try pair(adapter: TinyAdapter(head: true))
    let plan = try MergePlan(base: base, adapter: adapter)
    #expect(plan.role == .sequenceClassifier(labels: 1))
    _ = try plan.write(to: temporary.file("out"))
    let merged = try ModelDirectory(temporary.file("out"))
    #expect(merged.config.architectures == ["LlamaForSequenceClassification"])
    #expect(merged.config.labelCount == 1)
    #expect(merged.store["lm_head.weight"] == nil)
    _ = try merged.resolve(as: .sequenceClassifier(labels: 1))
  }

  @Test func `the result says where each tensor came from`() throws {
    let (base, adapter) = try pair()
    _ = try MergePlan(base: base, adapter: adapter).write(to: temporary.file("out"))
    let json = try JSONValue.parse(try readFile(temporary.file("out/graft.json")))
    let tensors = json["ledger"]?["tensors"]?.object
    let merged = try ModelDirectory(temporary.file("out"))
    #expect(tensors?.keys.sorted() == merged.store.names)
    let outputs = try #require(json["outputs"]?.array)
    for output in outputs {
      let name = try #require(output["name"]?.string)
      #expect(try sha256(ofFile: temporary.file("out/\(name)")) == output["sha256"]?.string)
    }
    #expect(json["inputs"]?.array?.count == 2)
  }

  @Test func `shards and their index hold the same tensors`() throws {
    let (base, adapter) = try pair()
    let plan = try MergePlan(
      base: base, adapter: adapter, options: MergeOptions(shardByteLimit: 1000))
    _ = try plan.write(to: temporary.file("out"))
    let merged = try ModelDirectory(temporary.file("out"))
    #expect(merged.store.files.count > 1)
    #expect(merged.store.names == base.store.names)
  }

  @Test func `a sum beyond half precision stops the merge and leaves nothing`() throws {
    var adapter = TinyAdapter(head: false)
    for i in adapter.tensors.indices {
      adapter.tensors[i].values = adapter.tensors[i].values.map { $0 * 3000 }
    }
    let (base, opened) = try pair(adapter: adapter)
    let plan = try MergePlan(base: base, adapter: opened, options: MergeOptions(dtype: .f16))
    let error = #expect(throws: GraftError.self) { try plan.write(to: temporary.file("out")) }
    #expect(error?.code == .outOfRange)
    #expect(try directoryEntries(temporary.path) == ["adapter", "base"])
  }

  @Test func `an adapter is not added twice`() throws {
    let (base, adapter) = try pair()
    _ = try MergePlan(base: base, adapter: adapter).write(to: temporary.file("out"))
    let merged = try ModelDirectory(temporary.file("out"))
    let error = #expect(throws: GraftError.self) { try MergePlan(base: merged, adapter: adapter) }
    #expect(error?.code == .alreadyMerged)
  }

  @Test func `an adapter that names its base by hash is merged into no other`() throws {
    let (base, adapter) = try pair()
    let record = temporary.file("adapter/graft.json")
    func name(_ hash: String) throws {
      try writeFileAtomically(
        record,
        """
        {"graft": 1, "command": "train", "inputs": [{"path": "b", "files":
         [{"name": "model.safetensors", "bytes": 1, "sha256": "\(hash)"}]}]}
        """)
    }
    try name(String(repeating: "0", count: 64))
    let plan = try MergePlan(base: base, adapter: adapter)
    let error = #expect(throws: GraftError.self) { try plan.write(to: temporary.file("out")) }
    #expect(error?.code == .otherBase)
    #expect(!directoryExists(temporary.file("out")))
    var options = MergeOptions()
    options.allowsOtherBase = true
    let allowed = try MergePlan(base: base, adapter: adapter, options: options)
    _ = try allowed.write(to: temporary.file("other"))
    try name(try sha256(ofFile: temporary.file("base/model.safetensors")))
    _ = try plan.write(to: temporary.file("same"))
  }

  @Test func `a quantised base is refused`() throws {
    var tiny = TinyLlama()
    try tiny.config.set("quantization_config", #"{"quant_method": "gptq"}"#)
    let (base, adapter) = try pair(base: tiny)
    let error = #expect(throws: GraftError.self) { try MergePlan(base: base, adapter: adapter) }
    #expect(error?.code == .cannotMerge)
  }
}
