import Adapters
import Checkpoint
import Diagnostics
import FileIO
import LinearAlgebra
import StrictJSON
import TensorCore
import TestSupport
import Testing

@Suite struct CombinationTests {
  let temporary: TemporaryDirectory

  init() throws {
    temporary = try TemporaryDirectory()
    try TinyLlama().write(to: temporary.file("base"))
    for (name, seed) in [("one", UInt64(1)), ("two", 2)] {
      var adapter = TinyAdapter(head: false)
      for i in adapter.tensors.indices {
        let old = adapter.tensors[i]
        adapter.tensors[i] = TensorFixture(old.name, old.shape, seed: seed, scale: 0.5)
      }
      try adapter.config.set("lora_alpha", name == "one" ? "4" : "3")
      try adapter.write(to: temporary.file(name))
    }
  }

  private var base: ModelDirectory {
    get throws { try ModelDirectory(temporary.file("base")) }
  }

  private var adapters: [Adapter] {
    get throws { [try Adapter(temporary.file("one")), try Adapter(temporary.file("two"))] }
  }

  private func combination(
    _ method: AdapterCombination.Method, _ weights: [Double]? = nil, density: Double? = nil
  ) -> AdapterCombination {
    var out = AdapterCombination(method: method, weights: weights)
    out.density = density
    return out
  }

  /// What a plan adds to each tensor, in float64.
  private func changes(_ plan: AdapterPlan) throws -> [String: [Double]] {
    try plan.check()
    return try plan.changes.mapValues { steps in
      var sum: [Double] = []
      for step in steps {
        let delta = try #require(step.plainDelta)
        let (a, b) = (try delta.a.floats(), try delta.b.floats())
        let (rows, columns) = (delta.b.spec.shape[0], delta.a.spec.shape[1])
        if sum.isEmpty { sum = [Double](repeating: 0, count: rows * columns) }
        for i in 0..<rows {
          for k in 0..<delta.rank {
            for j in 0..<columns {
              sum[i * columns + j] +=
                delta.scale * Double(b[i * delta.rank + k]) * Double(a[k * columns + j])
            }
          }
        }
      }
      return sum
    }
  }

  private func expectEqual(
    _ a: [String: [Double]], _ b: [String: [Double]], within bound: Double
  ) {
    #expect(a.keys.sorted() == b.keys.sorted() && !a.isEmpty)
    for (name, values) in a {
      for (x, y) in zip(values, b[name] ?? []) { #expect((x - y).magnitude <= bound, "\(name)") }
    }
  }

  @Test func `a sum is each change times its weight`() throws {
    let specs = try base.store.inFileOrder.map(\.spec)
    let plan = try combination(.sum, [0.7, -0.3]).plan(try adapters, base: specs)
    let one = try changes(AdapterPlan(try adapters[0], base: specs))
    let two = try changes(AdapterPlan(try adapters[1], base: specs))
    var expected: [String: [Double]] = [:]
    for (name, values) in one {
      expected[name] = zip(values, two[name] ?? []).map { 0.7 * $0 - 0.3 * $1 }
    }
    expectEqual(try changes(plan), expected, within: 1e-15)
    #expect(plan.adapters.count == 2)
  }

  @Test(arguments: [AdapterCombination.Method.cat, .svd])
  func `cat and a full svd are the sum`(method: AdapterCombination.Method) throws {
    guard method == .cat || LinearAlgebra.isPresent else { return }
    let specs = try base.store.inFileOrder.map(\.spec)
    var combined = combination(method, [0.7, -0.3])
    combined.rank = 4
    let sum = try combination(.sum, [0.7, -0.3]).plan(try adapters, base: specs)
    expectEqual(
      try changes(try combined.plan(try adapters, base: specs)), try changes(sum), within: 1e-6)
  }

  @Test func `a combined adapter is written, and read as it was`() throws {
    let conversion = try AdapterConversion(
      combining: try adapters, by: combination(.cat, [1, 0.5]), to: .peft, base: nil)
    _ = try conversion.write(to: temporary.file("out"))
    let again = try Adapter(temporary.file("out"))
    #expect(again.config.rank == 4)
    let specs = try base.store.inFileOrder.map(\.spec)
    let sum = try combination(.sum, [1, 0.5]).plan(try adapters, base: specs)
    expectEqual(try changes(AdapterPlan(again, base: specs)), try changes(sum), within: 1e-6)
    let json = try JSONValue.parse(try readFile(temporary.file("out/graft.json")))
    #expect(json["command"]?.string == "combine")
    #expect(json["inputs"]?.array?.count == 2)
    let settings = try #require(json["settings"]?["combination"])
    #expect(AdapterCombination(settings) == combination(.cat, [1, 0.5]))
  }

  @Test func `dare keeps about the share, rescaled, and the same for one seed`() throws {
    let specs = try base.store.inFileOrder.map(\.spec)
    func factors(_ seed: UInt64) throws -> (kept: Int, all: Int, values: [Float]) {
      var combined = combination(.dareLinear, [1, 0], density: 0.4)
      combined.seed = seed
      let plan = try combined.plan(try adapters, base: specs)
      let original = AdapterPlan(try adapters[0], base: specs)
      var (kept, all): (Int, Int) = (0, 0)
      var values: [Float] = []
      for (delta, own) in zip(plan.lowRankDeltas, original.lowRankDeltas) {
        let root = Float(own.scale.squareRoot())
        for (x, y) in zip(try delta.b.floats(), try own.b.floats()) {
          #expect(x == 0 || (x - y / 0.4 * root).magnitude < 1e-5)
          if x != 0 { kept += 1 }
          all += 1
          values.append(x)
        }
      }
      return (kept, all, values)
    }
    let first = try factors(1)
    // 48 draws: five standard deviations.
    #expect((Double(first.kept) - 0.4 * Double(first.all)).magnitude < 5 * 3.4)
    #expect(try factors(1).values == first.values)
    #expect(try factors(2).values != first.values)
  }

  @Test func `settings that mean nothing are refused`() throws {
    let specs = try base.store.inFileOrder.map(\.spec)
    for wrong in [
      combination(.sum, [1]), combination(.sum, [1, .nan]), combination(.ties),
      combination(.ties, density: 1.5),
    ] {
      let error = #expect(throws: GraftError.self) { try wrong.plan(try adapters, base: specs) }
      #expect(error?.code == .invalidCombination)
    }
  }

  @Test func `two heads are not added`() throws {
    for (name, seed) in [("one", UInt64(1)), ("two", 2)] {
      removeTree(temporary.file(name))
      var adapter = TinyAdapter(head: true)
      for i in adapter.tensors.indices {
        let old = adapter.tensors[i]
        adapter.tensors[i] = TensorFixture(old.name, old.shape, seed: seed)
      }
      try adapter.write(to: temporary.file(name))
    }
    let error = #expect(throws: GraftError.self) {
      try combination(.sum).plan(try adapters, base: try base.store.inFileOrder.map(\.spec))
    }
    #expect(error?.code == .cannotCombine)
  }

  @Test(
    .enabled(
      if: PeersPython.isPresent && LinearAlgebra.isPresent,
      "needs GRAFT_PEERS_PYTHON and libopenblas0"))
  func `PEFT combines to the same changes`() throws {
    let methods: [AdapterCombination.Method] = [
      .linear, .cat, .svd, .ties, .tiesSVD, .magnitudePrune, .magnitudePruneSVD,
    ]
    for method in methods {
      var combined = combination(method, [0.7, 0.4], density: method.prunes ? 0.6 : nil)
      if method.cutsRank { combined.rank = 2 }
      _ = try AdapterConversion(
        combining: try adapters, by: combined, to: .peft, base: try base
      ).write(to: temporary.file("combined_\(method.rawValue)"))
    }
    let script = """
      import sys, warnings, torch
      from transformers import AutoModelForCausalLM
      from peft import PeftModel
      folder, methods = sys.argv[1], sys.argv[2].split(",")
      warnings.filterwarnings("error", category=UserWarning, message=".*missing.*")
      model = AutoModelForCausalLM.from_pretrained(folder + "/base", dtype=torch.float32)
      model = PeftModel.from_pretrained(model, folder + "/one", adapter_name="one")
      model.load_adapter(folder + "/two", adapter_name="two")
      for method in methods:
          more = {} if method in ("linear", "cat", "svd") else {"density": 0.6}
          if method.endswith("svd"):
              more["svd_rank"] = 2
          model.add_weighted_adapter(["one", "two"], [0.7, 0.4], "peft_" + method,
                                     combination_type=method, **more)
          model.load_adapter(folder + "/combined_" + method, adapter_name="graft_" + method)
          count = 0
          for name, module in model.named_modules():
              if hasattr(module, "lora_A") and "peft_" + method in module.lora_A:
                  theirs = module.get_delta_weight("peft_" + method)
                  ours = module.get_delta_weight("graft_" + method)
                  assert theirs.abs().max() > 0
                  assert torch.allclose(ours, theirs, atol=2e-6), (method, name, ours - theirs)
                  count += 1
          assert count == 4, (method, count)
      """
    try PeersPython.run([
      "-c", script, temporary.path, methods.map(\.rawValue).joined(separator: ","),
    ])
  }
}
