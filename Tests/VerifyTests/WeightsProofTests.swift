import Adapters
import Checkpoint
import Diagnostics
import FileIO
import TensorCore
import TestSupport
import Testing
import Verify

/// Models merged here by plain arithmetic, each with one thing changed.
@Suite struct WeightsProofTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  /// base + 2·B·A in float64, rounded once, with the adapter's head.
  private func merge(_ base: TinyLlama, _ adapter: TinyAdapter, dtype: DType) -> TinyLlama {
    var merged = TinyLlama(labels: 1, dtype: dtype)
    func adapterTensor(_ name: String) -> TensorFixture? {
      adapter.tensors.first { $0.name == "base_model.model." + name }
    }
    for i in merged.tensors.indices {
      let name = merged.tensors[i].name
      if name == "score.weight" {
        merged.tensors[i].values = adapterTensor(name)?.values ?? []
        continue
      }
      guard let own = base.tensors.first(where: { $0.name == name }) else { continue }
      // What the base stores, as its type holds it.
      var values = own.values.map { dtype == .bf16 ? Float(BFloat16($0)) : $0 }
      let module = String(name.dropLast(".weight".count))
      if let a = adapterTensor(module + ".lora_A.weight"),
        let b = adapterTensor(module + ".lora_B.weight")
      {
        for row in 0..<own.shape[0] {
          for column in 0..<own.shape[1] {
            let j = row * own.shape[1] + column
            var sum = Double(values[j])
            for k in 0..<2 {
              sum += 2 * Double(b.values[row * 2 + k]) * Double(a.values[k * own.shape[1] + column])
            }
            values[j] = Float(sum)
          }
        }
      }
      merged.tensors[i].values = values
    }
    return merged
  }

  private func prove(
    dtype: DType = .f32, adapter: TinyAdapter = TinyAdapter(), withAdapter: Bool = true,
    change: (inout TinyLlama) throws -> Void = { _ in }
  ) throws -> WeightsProof {
    let base = TinyLlama(dtype: dtype)
    var merged = merge(base, adapter, dtype: dtype)
    try change(&merged)
    for name in ["base", "merged", "adapter"] { removeTree(directory.file(name)) }
    try base.write(to: directory.file("base"))
    try merged.write(to: directory.file("merged"))
    try adapter.write(to: directory.file("adapter"))
    return try WeightsProof(
      base: try ModelDirectory(directory.file("base")),
      merged: try ModelDirectory(directory.file("merged")),
      adapter: withAdapter ? try Adapter(directory.file("adapter")) : nil)
  }

  private func problems(_ proof: WeightsProof) -> [GraftError.Code] {
    proof.findings.filter { $0.severity == .problem }.map(\.detail.code)
  }

  private func tensor(_ name: String, in model: TinyLlama) throws -> Int {
    try #require(model.tensors.firstIndex { $0.name == name })
  }

  private let updated = "model.layers.1.self_attn.v_proj.weight"

  @Test(arguments: [DType.f32, .bf16])
  func aRightMergeHolds(dtype: DType) throws {
    let proof = try prove(dtype: dtype)
    #expect(proof.holds, "\(proof.findings.map(\.detail.description))")
    #expect(proof.tensors.count { $0.role == .updated } == 4)
    #expect(proof.tensors.count { $0.role == .replaced } == 1)
    #expect(proof.tensors.allSatisfy { $0.equalCount == $0.elementCount })
    #expect(proof.leftOut.map(\.name) == ["lm_head.weight"])
  }

  @Test func oneUnitOffIsCountedAndHolds() throws {
    let proof = try prove { merged in
      let i = try tensor(updated, in: merged)
      merged.tensors[i].values[5] = merged.tensors[i].values[5].nextUp
    }
    #expect(proof.holds)
    #expect(proof.tensors.first { $0.name == updated }?.neighbourCount == 1)
  }

  @Test(arguments: [Float(0.001), -0.5, 100])
  func aWrongElementIsFoundWithItsPlace(by: Float) throws {
    let proof = try prove { merged in
      let i = try tensor(updated, in: merged)
      merged.tensors[i].values[13] += by
    }
    #expect(problems(proof) == [.updateWrong])
    let wrong = try #require(proof.tensors.first { $0.name == updated }?.firstWrong)
    #expect(wrong.row == 1)
    #expect(wrong.column == 5)
  }

  @Test func aWeightLeftOutOfTheMergeIsFound() throws {
    let proof = try prove { merged in
      let i = try tensor(updated, in: merged)
      merged.tensors[i] = TensorFixture(updated, [4, 8])
    }
    #expect(problems(proof) == [.updateWrong])
    #expect(proof.findings[0].detail.message.contains("unchanged"))
  }

  @Test func aKeptTensorThatChangedIsFound() throws {
    let proof = try prove { merged in
      let i = try tensor("model.norm.weight", in: merged)
      merged.tensors[i].values[0] = merged.tensors[i].values[0].nextUp
    }
    #expect(problems(proof) == [.keptChanged])
  }

  @Test func anotherHeadIsFound() throws {
    let proof = try prove { merged in
      merged.tensors[try tensor("score.weight", in: merged)] = TensorFixture(
        "score.weight", [1, 8], seed: 77)
    }
    #expect(problems(proof) == [.replacementWrong])
  }

  @Test func missingAndExtraTensorsAreFound() throws {
    let lacking = try prove { $0.tensors.removeAll { $0.name == "score.weight" } }
    #expect(problems(lacking).contains(.mergedLacks))
    let extra = try prove { $0.tensors.append(TensorFixture("model.spare.weight", [2, 2])) }
    #expect(problems(extra) == [.mergedExtra])
  }

  @Test func notANumberIsFound() throws {
    let proof = try prove { merged in
      merged.tensors[try tensor(updated, in: merged)].values[0] = .nan
    }
    #expect(problems(proof) == [.mergedNotFinite])
  }

  @Test func theBaseItselfIsNoMerge() throws {
    try TinyLlama().write(to: directory.file("base"))
    try TinyLlama().write(to: directory.file("copy"))
    let proof = try WeightsProof(
      base: try ModelDirectory(directory.file("base")),
      merged: try ModelDirectory(directory.file("copy")), adapter: nil)
    #expect(problems(proof) == [.sameAsBase])
  }

  @Test func withoutAdapterTheDifferencesAreListed() throws {
    let proof = try prove(withAdapter: false)
    #expect(proof.holds)
    #expect(proof.tensors.count { $0.changedCount > 0 } == 4)
    #expect(proof.findings.map(\.detail.code) == [.mergedExtra])
  }

  /// PEFT 0.21.2's own merges of real adapters hold, too.
  @Test(
    .enabled(if: Shared.isPresent, "needs ../shared"),
    arguments: [
      ("lora_plain_llama", "base_llama_f32"), ("lora_rslora", "base_llama_f32"),
      ("lora_patterns", "base_llama_f32"), ("rm_peft_seqcls", "base_llama_f32"),
    ])
  func mergesByPeftHold(name: String, base: String) throws {
    let changed = try TensorStore(
      safetensors: Shared.zoo(name) + "/merged_changed_float32.safetensors")
    let store = try TensorStore(directory: Shared.zoo(base))
    let path = directory.file("peft")
    var tensors: [TensorFixture] = []
    for tensor in store.inFileOrder {
      let source = changed[tensor.spec.name] ?? tensor
      if name.hasPrefix("rm_"), tensor.spec.name == "lm_head.weight" { continue }
      tensors.append(
        TensorFixture(tensor.spec.name, tensor.spec.shape, try source.floats()))
    }
    if let head = changed["score.weight"] {
      tensors.append(TensorFixture("score.weight", head.spec.shape, try head.floats()))
    }
    try makeDirectories(path)
    try TensorFixture.write(tensors, to: "\(path)/model.safetensors")
    var config = JSONObjectFixture(
      String(decoding: try readFile(Shared.zoo(base) + "/config.json"), as: UTF8.self))
    if name.hasPrefix("rm_") {
      try config.set("architectures", #"["LlamaForSequenceClassification"]"#)
      try config.set("id2label", #"{"0": "LABEL_0"}"#)
    }
    try writeFileAtomically("\(path)/config.json", config.text)
    let proof = try WeightsProof(
      base: try ModelDirectory(Shared.zoo(base)), merged: try ModelDirectory(path),
      adapter: try Adapter(Shared.zoo(name) + "/adapter"))
    #expect(proof.holds, "\(proof.findings.map(\.detail.description))")
  }
}
