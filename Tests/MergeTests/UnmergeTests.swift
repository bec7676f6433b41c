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

@Suite struct UnmergeTests {
  let temporary: TemporaryDirectory

  init() throws { temporary = try TemporaryDirectory() }

  private func adapter(_ name: String, seed: UInt64, head: Bool = false) throws -> Adapter {
    var adapter = TinyAdapter(head: head)
    for i in adapter.tensors.indices {
      let old = adapter.tensors[i]
      adapter.tensors[i] = TensorFixture(old.name, old.shape, seed: seed)
    }
    try adapter.write(to: temporary.file(name))
    return try Adapter(temporary.file(name))
  }

  private func merge(
    _ adapters: [Adapter], base: DType, to dtype: DType? = nil, keepsResidue: Bool = true,
    combination: AdapterCombination = AdapterCombination()
  ) throws -> ModelDirectory {
    try TinyLlama(dtype: base).write(to: temporary.file("base"))
    var options = MergeOptions(dtype: dtype)
    options.keepsResidue = keepsResidue
    let plan = try MergePlan(
      base: try ModelDirectory(temporary.file("base")), adapters: adapters,
      combination: combination, options: options)
    _ = try plan.write(to: temporary.file("merged"))
    return try ModelDirectory(temporary.file("merged"))
  }

  private func expectBase() throws {
    for name in ["model.safetensors", "config.json"] {
      #expect(
        try readFile(temporary.file("back/\(name)")) == readFile(temporary.file("base/\(name)")))
    }
  }

  @Test(arguments: [DType.bf16, .f32], [nil, DType.f32, .f16])
  func `with its residue the base comes back byte for byte`(base: DType, dtype: DType?) throws {
    let adapters = [try adapter("a", seed: 3)]
    let merged = try merge(adapters, base: base, to: dtype)
    let unmerge = try Unmerge(merged: merged, adapters: adapters)
    #expect(unmerge.isExact)
    _ = try unmerge.write(to: temporary.file("back"))
    try expectBase()
  }

  @Test func `a head that took the output's place does not lose the output`() throws {
    let adapters = [try adapter("a", seed: 3, head: true)]
    let merged = try merge(adapters, base: .bf16)
    #expect(merged.store["lm_head.weight"] == nil)
    _ = try Unmerge(merged: merged, adapters: adapters).write(to: temporary.file("back"))
    try expectBase()
  }

  @Test(arguments: [AdapterCombination.Method.sum, .cat, .ties])
  func `several adapters are taken back together`(method: AdapterCombination.Method) throws {
    let adapters = [try adapter("a", seed: 3), try adapter("b", seed: 4)]
    var combination = AdapterCombination(method: method, weights: [0.7, 0.4])
    if method == .ties { combination.density = 0.5 }
    let merged = try merge(adapters, base: .bf16, combination: combination)
    _ = try Unmerge(merged: merged, adapters: adapters).write(to: temporary.file("back"))
    try expectBase()
  }

  @Test func `without a residue it is right to one rounding`() throws {
    let adapters = [try adapter("a", seed: 3)]
    let merged = try merge(adapters, base: .bf16, keepsResidue: false)
    let unmerge = try Unmerge(merged: merged, adapters: adapters)
    #expect(!unmerge.isExact)
    _ = try unmerge.write(to: temporary.file("back"))
    let (base, back) = (
      try ModelDirectory(temporary.file("base")), try ModelDirectory(temporary.file("back"))
    )
    #expect(base.store.names == back.store.names)
    for source in base.store.inFileOrder {
      let after = try #require(back.store[source.spec.name]).floats()
      let between = try #require(merged.store[source.spec.name]).floats()
      for (i, value) in try source.floats().enumerated() {
        // Half a unit of the merged number, and half of the result.
        let bound = (between[i].magnitude + value.magnitude) * 0x1p-8 + 0x1p-120
        #expect((after[i] - value).magnitude <= bound)
      }
    }
  }

  @Test func `without a residue a replaced head cannot be taken back`() throws {
    let adapters = [try adapter("a", seed: 3, head: true)]
    let merged = try merge(adapters, base: .bf16, keepsResidue: false)
    let error = #expect(throws: GraftError.self) {
      try Unmerge(merged: merged, adapters: adapters)
    }
    #expect(error?.code == .cannotUnmerge)
  }

  @Test func `another adapter, or another number of them, is refused`() throws {
    let adapters = [try adapter("a", seed: 3)]
    let other = try adapter("b", seed: 4)
    let merged = try merge(adapters, base: .bf16)
    for wrong in [[other], adapters + [other]] {
      let error = #expect(throws: GraftError.self) {
        try Unmerge(merged: merged, adapters: wrong)
      }
      #expect(error?.code == .residueBroken)
    }
  }

  @Test func `an altered model is found by its hash, and nothing is written`() throws {
    let adapters = [try adapter("a", seed: 3)]
    _ = try merge(adapters, base: .bf16)
    let weights = temporary.file("merged/model.safetensors")
    var bytes = try readFile(weights)
    bytes[bytes.count - 40] ^= 1
    removeTree(weights)
    _ = try temporary.write(bytes, to: "merged/model.safetensors")
    let error = #expect(throws: GraftError.self) {
      try Unmerge(merged: try ModelDirectory(temporary.file("merged")), adapters: adapters)
        .write(to: temporary.file("back"))
    }
    #expect(error?.code == .recoveredDiffers)
    #expect(!directoryExists(temporary.file("back")))
  }

  @Test func `a broken residue never gives another base`() throws {
    let adapters = [try adapter("a", seed: 3)]
    _ = try merge(adapters, base: .bf16)
    let file = temporary.file("merged/graft.residue")
    let whole = try readFile(file)
    let start = try SafetensorsFile(file).dataStart
    var refused = 0
    for place in stride(from: start, to: whole.count, by: max(1, (whole.count - start) / 40)) {
      var bytes = whole
      bytes[place] ^= 0x55
      removeTree(file)
      _ = try temporary.write(bytes, to: "merged/graft.residue")
      do {
        _ = try Unmerge(merged: try ModelDirectory(temporary.file("merged")), adapters: adapters)
          .write(to: temporary.file("back"), replacing: true)
        // A byte that says nothing, such as how many rows the only block has.
        try expectBase()
      } catch {
        refused += 1
      }
    }
    #expect(refused > 30)
  }

  @Test func `the residue of small changes is small`() throws {
    var tiny = TinyAdapter(head: false)
    for i in tiny.tensors.indices {
      tiny.tensors[i].values = tiny.tensors[i].values.map { $0 * 0.05 }
    }
    try tiny.write(to: temporary.file("a"))
    let adapters = [try Adapter(temporary.file("a"))]
    _ = try merge(adapters, base: .bf16)
    let archive = try SafetensorsFile(temporary.file("merged/graft.residue"))
    let codes = archive.tensors.filter { $0.name.hasPrefix("code:") }
    let elements = 2 * (8 * 8 + 4 * 8)
    #expect(codes.count == 4)
    // Two bytes an element hold the numbers themselves.
    #expect(codes.reduce(0) { $0 + $1.byteCount - 16 } < elements)
  }
}
