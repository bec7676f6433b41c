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
import Verify

/// Every kind of adapter that PEFT 0.21.2 trained and merged: our merge beside PEFT's, the proof
/// of both, and the proof's answer to a changed element.
@Suite(.enabled(if: Shared.isPresent, "needs ../shared"))
struct ZooKindsTests {
  private let temporary: TemporaryDirectory

  init() throws { temporary = try TemporaryDirectory() }

  static let names = [
    "lora_dora", "lora_embedding", "lora_gpt2_conv1d", "lora_lora_bias", "lora_bias_all",
    "lora_bias_lora_only", "lora_all_linear", "lora_mistral", "lora_plain_mixtral_attn",
    "lora_target_params_qwen3moe", "lora_trainable_tokens", "lora_mts_tied_ensure_qwen2", "loha",
    "lokr", "ia3", "vera", "vera_seed", "oft", "tf4_lora_mixtral_experts", "lora_mts_resized_llama",
    "prefix_from_AutoModelForCausalLM_gpt2",
  ]

  /// Where PEFT rounds more than once in bfloat16: the embeddings that the file holds in float32,
  /// the delta of a target parameter, VeRA's projections when they are drawn again.
  static let roundedTwice: Set = [
    "lora_embedding", "lora_target_params_qwen3moe", "vera_seed",
  ]

  @Test(arguments: Self.names, [DType.f32, .bf16])
  func `a merge equals PEFT's and is proven, and a changed element is found`(
    name: String, dtype: DType
  ) throws {
    let folder = Shared.zoo(name)
    let truthFile = "\(folder)/merged_changed_\(dtype.torchName).safetensors"
    guard fileExists(truthFile) else { return }
    if dtype == .bf16, Self.roundedTwice.contains(name) { return }
    let expected = try JSONValue.parse(try readFile("\(folder)/expected.json"))
    let base = try base(try #require(expected["base"]?.string), as: dtype)
    let adapter = try Adapter("\(folder)/adapter")
    let plan = try MergePlan(base: base, adapter: adapter)
    _ = try plan.write(to: temporary.file("merged"))
    let merged = try ModelDirectory(temporary.file("merged"))

    let truth = try TensorStore(safetensors: truthFile)
    #expect(!truth.names.isEmpty)
    for source in truth.inFileOrder {
      let name = source.spec.name
      let ours = try #require(merged.store[name], "\(name)")
      #expect(ours.spec.shape == source.spec.shape)
      #expect(ours.spec.dtype == dtype, "\(name)")
      let theirs = try source.floats()
      let largest = theirs.map(\.magnitude).max() ?? 0
      var far = 0
      for (mine, peer) in zip(try ours.floats(), theirs) {
        // PEFT sums in float32. Near a tie of two bfloat16 numbers that falls to either side, and
        // where base and update cancel it is the larger error.
        if (mine - peer).magnitude <= largest * 4e-7 { continue }
        if dtype == .bf16, Self.steps(mine, peer) <= 1 { continue }
        far += 1
      }
      #expect(far == 0, "\(name)")
    }
    for source in merged.store.inFileOrder where truth[source.spec.name] == nil {
      let before = try #require(base.store[source.spec.name], "\(source.spec.name)")
      #expect(try haveEqualBytes(before, source), "\(source.spec.name)")
    }

    let proof = try WeightsProof(base: base, merged: merged, adapter: adapter)
    #expect(proof.holds, "\(proof.findings.map(\.detail.description))")
    for name in truth.names.prefix(1) + truth.names.suffix(1) {
      let broken = try WeightsProof(
        base: base, merged: try corrupted(merged, name), adapter: adapter)
      #expect(!broken.holds, "\(name)")
    }
  }

  @Test(arguments: [
    ("tf4_mixtral_f32", "tf4_lora_mixtral_experts"),
    ("base_qwen3_moe_f32", "lora_target_params_qwen3moe"),
  ])
  func `a base with all experts in one tensor takes the same adapters`(
    base: String, adapter: String
  ) throws {
    func converted(_ input: String, _ layout: ExpertLayout, to name: String) throws {
      var conversion = Conversion(input: input, output: temporary.file(name))
      conversion.experts = layout
      _ = try conversion.run()
    }
    try converted(Shared.zoo(base), .fused, to: "fused")
    let fused = try ModelDirectory(temporary.file("fused"))
    let opened = try Adapter("\(Shared.zoo(adapter))/adapter")
    _ = try MergePlan(base: fused, adapter: opened).write(to: temporary.file("merged"))
    let merged = try ModelDirectory(temporary.file("merged"))
    #expect(try WeightsProof(base: fused, merged: merged, adapter: opened).holds)
    try converted(temporary.file("merged"), .perExpert, to: "apart")
    let apart = try ModelDirectory(temporary.file("apart"))
    let truth = try TensorStore(
      safetensors: "\(Shared.zoo(adapter))/merged_changed_float32.safetensors")
    for source in truth.inFileOrder {
      let ours = try #require(apart.store[source.spec.name], "\(source.spec.name)")
      let theirs = try source.floats()
      let largest = theirs.map(\.magnitude).max() ?? 0
      for (mine, peer) in zip(try ours.floats(), theirs) {
        #expect((mine - peer).magnitude <= largest * 4e-7)
      }
    }
    let broken = try WeightsProof(
      base: fused,
      merged: try corrupted(merged, merged.store.names.first { $0.contains("experts") } ?? ""),
      adapter: opened)
    #expect(!broken.holds)
  }

  @Test(arguments: [
    ("lora_pissa", GraftError.Code.unsupportedAdapter),
    ("lora_lora_bias_nobase", .adapterMismatch),
    ("rm_peft_score_dropped", .incompleteAdapter), ("rm_score_lora_no_mts", .adapterMismatch),
    ("rm_score_all_linear_no_tasktype", .adapterMismatch),
  ])
  func `what cannot be merged is refused`(name: String, code: GraftError.Code) throws {
    let folder = Shared.zoo(name)
    let expected = try JSONValue.parse(try readFile("\(folder)/expected.json"))
    let base = try ModelDirectory(Shared.zoo(try #require(expected["base"]?.string)))
    let adapter = try Adapter("\(folder)/adapter")
    let error = #expect(throws: GraftError.self) { try MergePlan(base: base, adapter: adapter) }
    #expect(error?.code == code, "\(error?.description ?? "")")
    #expect(error?.remedy?.isEmpty == false)
  }

  // MARK: - Helpers

  /// The base, rounded to a type as PEFT rounds it on loading.
  private func base(_ name: String, as dtype: DType) throws -> ModelDirectory {
    let original = try ModelDirectory(Shared.zoo(name))
    if original.config.dtype == dtype { return original }
    return try rewritten(original, to: "base") { source in
      let spec = TensorSpec(name: source.spec.name, dtype: dtype, shape: source.spec.shape)
      return (spec, TensorFixture(spec.name, spec.shape, try source.floats()).bytes(dtype))
    }
  }

  /// The same model with the middle element of one tensor a little larger.
  private func corrupted(_ merged: ModelDirectory, _ name: String) throws -> ModelDirectory {
    try rewritten(merged, to: "corrupted") { source in
      guard source.spec.name == name else { return (source.spec, try source.bytes()) }
      var values = try source.floats()
      values[values.count / 2] += max(0.01, values[values.count / 2].magnitude / 2)
      let fixture = TensorFixture(name, source.spec.shape, values)
      return (source.spec, fixture.bytes(source.spec.dtype))
    }
  }

  private func rewritten(
    _ model: ModelDirectory, to name: String,
    _ change: (any TensorSource) throws -> (TensorSpec, [UInt8])
  ) throws -> ModelDirectory {
    let path = temporary.file(name)
    removeTree(path)
    try makeDirectories(path)
    let tensors = try model.store.inFileOrder.map(change)
    let writer = try SafetensorsWriter("\(path)/model.safetensors", tensors: tensors.map(\.0))
    for (_, bytes) in tensors {
      try bytes.span.bytes.withUnsafeBytes { (raw) throws in try writer.append(raw) }
    }
    _ = try writer.close()
    try writeFileAtomically(
      "\(path)/config.json", JSONValue.object(model.config.json).text(.pretty))
    return try ModelDirectory(path)
  }

  private static func steps(_ a: Float, _ b: Float) -> Int {
    func order(_ value: Float) -> Int {
      let bits = Int(value.bitPattern >> 16)
      return bits & 0x8000 == 0 ? bits : -(bits & 0x7FFF)
    }
    return abs(order(a) - order(b))
  }
}
