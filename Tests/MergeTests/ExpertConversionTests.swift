import Checkpoint
import Diagnostics
import FileIO
import Merge
import StrictJSON
import TensorCore
import TestSupport
import Testing

@Suite struct ExpertConversionTests {
  let temporary: TemporaryDirectory

  init() throws { temporary = try TemporaryDirectory() }

  private func convert(
    _ input: String, _ output: String, experts: ExpertLayout, dtype: DType? = nil
  ) throws -> ModelDirectory {
    var conversion = Conversion(input: input, output: temporary.file(output), dtype: dtype)
    conversion.experts = experts
    conversion.shardByteLimit = 4000
    _ = try conversion.run()
    return try ModelDirectory(temporary.file(output))
  }

  @Test(arguments: ["mixtral", "qwen2_moe", "qwen3_moe"])
  func `experts go into one tensor and out again without a bit changed`(_ family: String) throws {
    let tiny = TinyMixture(family)
    try tiny.write(to: temporary.file("m"))
    let before = try ModelDirectory(temporary.file("m"))
    #expect(before.expertLayout == .perExpert)
    let fused = try convert(temporary.file("m"), "fused", experts: .fused)
    #expect(fused.expertLayout == .fused)
    _ = try fused.resolve(as: .causal)
    for layer in 0..<2 {
      let base = "model.layers.\(layer)"
      let gateUp = try #require(fused.store["\(base).mlp.experts.gate_up_proj"])
      let down = try #require(fused.store["\(base).mlp.experts.down_proj"])
      #expect(gateUp.spec.shape == [3, 20, 8])
      #expect(down.spec.shape == [3, 8, 10])
      var wanted: [[Float]] = [[], []]
      for expert in 0..<3 {
        let names = tiny.expertNames(layer: layer, expert: expert)
        wanted[0] += try #require(before.store[names.gate]).floats()
        wanted[0] += try #require(before.store[names.up]).floats()
        wanted[1] += try #require(before.store[names.down]).floats()
      }
      #expect(try gateUp.floats() == wanted[0])
      #expect(try down.floats() == wanted[1])
      #expect(try gateUp.floats(rows: 17..<43) == Array(wanted[0][17 * 8..<43 * 8]))
    }
    let back = try convert(temporary.file("fused"), "back", experts: .perExpert)
    #expect(back.store.names == before.store.names)
    for name in before.store.names {
      let (a, b) = (try #require(before.store[name]), try #require(back.store[name]))
      #expect(a.spec == b.spec)
      #expect(try a.bytes() == b.bytes(), "\(name)")
    }
  }

  @Test func `experts one by one come with the configuration that transformers 4 reads`() throws {
    try TinyMixture("qwen3_moe").write(to: temporary.file("m"))
    let file = temporary.file("m/config.json")
    var config = JSONObjectFixture(String(decoding: try readFile(file), as: UTF8.self))
    try config.set("num_experts", nil)
    try config.set("num_local_experts", "3")
    try config.set(
      "rope_parameters", #"{"rope_theta": 1000000.0, "rope_type": "yarn", "factor": 4.0}"#)
    removeTree(file)
    try writeFileAtomically(file, config.text)
    let fused = try convert(temporary.file("m"), "fused", experts: .fused)
    #expect(fused.config.json["num_local_experts"] == 3)
    #expect(fused.config.json["rope_theta"] == nil)
    let single = try convert(temporary.file("fused"), "single", experts: .perExpert).config.json
    #expect(single["num_experts"] == 3 && single["num_local_experts"] == nil)
    #expect(single["rope_theta"] == 1000000.0)
    #expect(single["rope_scaling"] == ["rope_type": "yarn", "factor": 4.0])
    #expect(single["rope_parameters"]?["rope_theta"] == 1000000.0)
    let other = TinyMixture("mixtral")
    try other.write(to: temporary.file("mixtral"))
    let kept = try convert(temporary.file("mixtral"), "kept", experts: .perExpert).config.json
    #expect(kept == (try ModelDirectory(temporary.file("mixtral")).config.json))
  }

  @Test func `another type is rounded on the way`() throws {
    try TinyMixture("mixtral").write(to: temporary.file("m"))
    let direct = try convert(temporary.file("m"), "a", experts: .fused, dtype: .bf16)
    var conversion = Conversion(
      input: temporary.file("m"), output: temporary.file("b"), dtype: .bf16)
    _ = try conversion.run()
    conversion = Conversion(input: temporary.file("b"), output: temporary.file("c"))
    conversion.experts = .fused
    _ = try conversion.run()
    let twice = try ModelDirectory(temporary.file("c"))
    for name in direct.store.names {
      #expect(try direct.store[name]?.bytes() == twice.store[name]?.bytes(), "\(name)")
    }
  }

  @Test func `a layout that is there already is kept and said`() throws {
    try TinyMixture("qwen3_moe").write(to: temporary.file("m"))
    var conversion = Conversion(input: temporary.file("m"), output: temporary.file("out"))
    conversion.experts = .perExpert
    let summary = try conversion.run()
    #expect(summary.notes == ["the experts are per-expert already"])
    #expect(summary.tensorCount == (try ModelDirectory(temporary.file("m"))).store.names.count)
  }

  @Test func `a lost expert and a model without experts are refused`() throws {
    var tiny = TinyMixture("mixtral")
    let lost = tiny.expertNames(layer: 1, expert: 2).up
    tiny.tensors.removeAll { $0.name == lost }
    try tiny.write(to: temporary.file("m"))
    let error = #expect(throws: GraftError.self) {
      _ = try convert(temporary.file("m"), "out", experts: .fused)
    }
    #expect(error?.code == .missingTensors)
    #expect(error?.message.contains(lost) == true)
    #expect(!directoryExists(temporary.file("out")))
    try TinyLlama().write(to: temporary.file("dense"))
    let dense = #expect(throws: GraftError.self) {
      _ = try convert(temporary.file("dense"), "out", experts: .fused)
    }
    #expect(dense?.message.contains("no experts") == true)
  }

  @Test func `rows of several files are read as one tensor`() throws {
    let parts = (0..<4).map { i in
      MemorySource(
        name: "p\(i)", shape: [i, 3], floats: (0..<i * 3).map { Float(i * 100 + $0) }, origin: "t")
    }
    let all = try ComposedSource(
      parts.map { ComposedSource.Piece($0) }, name: "all", shape: [2, 3, 3], what: "testing")
    let whole = try all.floats()
    #expect(whole == (try parts.flatMap { try $0.floats() }))
    for first in 0..<6 {
      for last in first...6 {
        #expect(try all.floats(rows: first..<last) == Array(whole[first * 3..<last * 3]))
      }
    }
    #expect(throws: GraftError.self) {
      try ComposedSource([ComposedSource.Piece(parts[3])], name: "x", shape: [2, 3], what: "t")
    }
    #expect(throws: GraftError.self) {
      try ComposedSource([], name: "x", shape: [0, 3], what: "t")
    }
  }
}
