import Adapters
import Checkpoint
import Merge
import StrictJSON
import FileIO
import TensorCore
import TestSupport
import Testing

/// Merges that PEFT 0.21.2 made, beside ours.
@Suite(.enabled(if: Shared.isPresent, "needs ../shared"))
struct ZooMergeTests {
  @Test(arguments: [
    "lora_plain_llama", "lora_rslora", "lora_patterns", "lora_alpha_float_r1",
    "lora_layers_to_transform", "lora_regex_target", "lora_bf16_adapter", "rm_peft_seqcls",
    "prefix_from_AutoModel", "prefix_from_AutoModelForCausalLM",
  ])
  func `a merge equals PEFT's to one unit in the last place`(name: String) throws {
    let folder = Shared.zoo(name)
    let expected = try JSONValue.parse(try readFile("\(folder)/expected.json"))
    let base = try ModelDirectory(Shared.zoo(try #require(expected["base"]?.string)))
    let dtype = try #require(base.config.dtype)
    let adapter = try Adapter("\(folder)/adapter")
    let temporary = try TemporaryDirectory()
    let plan = try MergePlan(base: base, adapter: adapter)
    _ = try plan.write(to: temporary.file("out"))
    let merged = try ModelDirectory(temporary.file("out"))
    let changes = AdapterPlan(adapter, base: base.store.inFileOrder.map(\.spec)).changes
    let deltas = changes.compactMapValues { $0.first?.lowRank }

    var elements = 0
    var unequal = 0
    for (name, delta) in deltas {
      let exact = try ReferenceMerge.values(try #require(base.store[name]).floats(), delta)
      for (value, truth) in zip(try #require(merged.store[name]).floats(), exact) {
        let distance = ReferenceMerge.ulps(value, truth, dtype)
        #expect(distance <= 1)
        elements += 1
        if distance > 0 { unequal += 1 }
      }
    }
    #expect(elements > 0)
    #expect(Double(unequal) <= 0.001 * Double(elements), "\(unequal) of \(elements)")

    let truthFile = "\(folder)/merged_changed_\(dtype.torchName).safetensors"
    guard fileExists(truthFile) else { return }
    let truth = try TensorStore(safetensors: truthFile)
    for source in truth.inFileOrder {
      let name = source.spec.name
      let ours = try #require(merged.store[name] ?? merged.store["model.\(name)"], "\(name)")
      let theirs = try source.floats()
      // In float32 PEFT's own sum is off by its summands' rounding; in 16 bits it rounds once.
      let largest = theirs.map(\.magnitude).max() ?? 0
      for (mine, peer) in zip(try ours.floats(), theirs) {
        if dtype == .f32 {
          #expect((mine - peer).magnitude <= largest * 4e-7)
        } else {
          #expect(ReferenceMerge.ulps(mine, Double(peer), dtype) <= 1)
        }
      }
    }
    for name in merged.store.names where truth[name] == nil && deltas[name] == nil {
      guard let before = base.store[name], let after = merged.store[name] else { continue }
      #expect(try haveEqualBytes(before, after))
    }
  }
}
