import Adapters
import Checkpoint
import Diagnostics
import FileIO
import Merge
import Safetensors
import StrictJSON
import TensorCore
import TestSupport
import Testing

@Suite struct SeveralAdaptersTests {
  let temporary: TemporaryDirectory

  init() throws { temporary = try TemporaryDirectory() }

  private func adapter(_ name: String, seed: UInt64) throws -> Adapter {
    var adapter = TinyAdapter(head: false)
    for i in adapter.tensors.indices {
      let old = adapter.tensors[i]
      adapter.tensors[i] = TensorFixture(old.name, old.shape, seed: seed)
    }
    try adapter.write(to: temporary.file(name))
    return try Adapter(temporary.file(name))
  }

  @Test(arguments: [DType.bf16, .f32])
  func `the weighted sum of all changes is rounded once`(dtype: DType) throws {
    try TinyLlama(dtype: dtype).write(to: temporary.file("base"))
    let base = try ModelDirectory(temporary.file("base"))
    let adapters = [try adapter("a", seed: 3), try adapter("b", seed: 4)]
    let weights = [0.7, -0.4]
    let plan = try MergePlan(
      base: base, adapters: adapters, combination: AdapterCombination(weights: weights))
    _ = try plan.write(to: temporary.file("out"))
    let merged = try ModelDirectory(temporary.file("out"))
    let specs = base.store.inFileOrder.map(\.spec)
    let deltas = adapters.map { AdapterPlan($0, base: specs).lowRankDeltas }
    #expect(deltas[0].count == 4)
    for (first, second) in zip(deltas[0], deltas[1]) {
      let values = try #require(base.store[first.target]).floats()
      var one = first
      one.scale *= weights[0]
      var two = second
      two.scale *= weights[1]
      let half = try ReferenceMerge.values(values, one)
      let rest = try ReferenceMerge.values([Float](repeating: 0, count: values.count), two)
      let found = try #require(merged.store[first.target]).floats()
      for i in values.indices {
        #expect(ReferenceMerge.ulps(found[i], half[i] + rest[i], dtype) == 0, "\(first.target)")
      }
    }
    let json = try JSONValue.parse(try readFile(temporary.file("out/graft.json")))
    #expect(json["inputs"]?.array?.count == 3)
    #expect(json["settings"]?["combination"].flatMap(AdapterCombination.init)?.weights == weights)
  }

  @Test(arguments: [AdapterCombination.Method.cat, .linear, .ties, .dareLinear])
  func `a combination accounts for every tensor of every adapter`(
    method: AdapterCombination.Method
  ) throws {
    try TinyLlama().write(to: temporary.file("base"))
    let adapters = [try adapter("a", seed: 3), try adapter("b", seed: 4)]
    var combination = AdapterCombination(method: method)
    if method.prunes { combination.density = 0.5 }
    let plan = try MergePlan(
      base: try ModelDirectory(temporary.file("base")), adapters: adapters,
      combination: combination)
    #expect(plan.changedTensors == 4)
    let origin = try #require(plan.ledger.origin(of: "model.layers.0.self_attn.q_proj.weight"))
    // The base's, and A and B of both.
    #expect(origin.references.count == 5)
    _ = try plan.write(to: temporary.file("out"))
  }

  @Test func `a quantised base is merged into as the numbers that it computes with`() throws {
    let name = "model.layers.0.self_attn.q_proj.weight"
    var tiny = TinyLlama(dtype: .bf16)
    try tiny.config.set(
      "quantization_config", #"{"quant_method": "fp8", "weight_block_size": [4, 4]}"#)
    try tiny.write(to: temporary.file("base"))
    let codes = (0..<64).map { UInt8($0 * 3 % 120) }
    let factors: [Float] = [0.5, 0.25, 2, 1.5]
    let weights = temporary.file("base/model.safetensors")
    removeTree(weights)
    var specs: [TensorSpec] = []
    var contents: [[UInt8]] = []
    for tensor in tiny.tensors {
      let isCode = tensor.name == name
      specs.append(
        TensorSpec(name: tensor.name, dtype: isCode ? .f8E4M3 : .bf16, shape: tensor.shape))
      contents.append(isCode ? codes : tensor.bytes(.bf16))
    }
    specs.append(TensorSpec(name: name + "_scale_inv", dtype: .f32, shape: [2, 2]))
    contents.append(factors.withUnsafeBytes { Array($0) })
    let writer = try SafetensorsWriter(weights, tensors: specs)
    for bytes in contents {
      try bytes.span.bytes.withUnsafeBytes { (raw) throws in try writer.append(raw) }
    }
    _ = try writer.close()

    let base = try ModelDirectory(temporary.file("base"))
    let adapters = [try adapter("a", seed: 3)]
    let error = #expect(throws: GraftError.self) { try MergePlan(base: base, adapters: adapters) }
    #expect(error?.code == .cannotMerge)
    #expect(error?.remedy?.contains("--dequantize") == true)
    var options = MergeOptions()
    options.dequantises = true
    _ = try MergePlan(base: base, adapters: adapters, options: options)
      .write(to: temporary.file("out"))
    let merged = try ModelDirectory(temporary.file("out"))
    #expect(merged.quantisation == nil)
    let plain = try base.dequantised()
    #expect(merged.store.names == plain.store.names)
    let specsOfPlain = plain.store.inFileOrder.map(\.spec)
    let delta = try #require(
      AdapterPlan(adapters[0], base: specsOfPlain).lowRankDeltas.first { $0.target == name })
    let exact = try ReferenceMerge.values(try #require(plain.store[name]).floats(), delta)
    for (value, truth) in zip(try #require(merged.store[name]).floats(), exact) {
      #expect(ReferenceMerge.ulps(value, truth, .bf16) == 0)
    }
  }
}
