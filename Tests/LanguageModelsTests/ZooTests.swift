import TensorCore
import Diagnostics
import Checkpoint
import FileIO
import LanguageModels
import StrictJSON
import TestSupport
import Testing
import Torch

/// Real small checkpoints against what transformers and PEFT computed from them.
@Suite(.enabled(if: Shared.isPresent, "../shared is not there")) struct ZooTests {
  private func expected(_ name: String) throws -> JSONValue {
    let file = "\(Shared.zoo(name))/expected.json"
    return try JSONValue.parse(try readFile(file), file: file, allowingNonFinite: true)
  }

  @Test(arguments: [
    "base_llama_f32", "base_llama_bf16", "base_llama_tied_bf16", "base_llama_odd_f32",
    "base_llama_sharded_f32", "base_llama_odd_sharded_f32", "tf4_llama_bf16",
  ])
  func logits(name: String) throws {
    let model = try loadCausalModel(Shared.zoo(name), dtype: .f32).model
    try compare(model, try expected(name), "logits_last_f32")
  }

  @Test(arguments: ["lora_plain_llama", "lora_rslora"])
  func logitsWithAdapter(name: String) throws {
    let wanted = try expected(name)
    let base = Shared.zoo(try #require(wanted["base"]?.string))
    let loaded = try loadCausalModel(base, adapter: "\(Shared.zoo(name))/adapter", dtype: .f32)
    try compare(loaded.model, wanted, "logits_last_unmerged_f32")
  }

  private func compare(_ model: DecoderModel, _ wanted: JSONValue, _ key: String) throws {
    let prompts = try #require(wanted["prompts"]?.array).map(\.tokens)
    let rows = try #require(wanted[key]?.array)
    let found = try withoutGradients {
      try model.logits(model.lastHiddenStates(PackedBatch(sequences: prompts)))
    }
    for (index, row) in rows.enumerated() {
      let logits = try found.slice(index..<index + 1).floats()
      let numbers = row.numbers
      #expect(distance(Array(logits.prefix(numbers.count)), numbers) < 1e-4)
    }
  }

  @Test(arguments: ["rm_full", "rm_peft_seqcls"])
  func rewards(name: String) throws {
    let wanted = try expected(name)
    let path = Shared.zoo(name)
    let hasAdapter = directoryExists("\(path)/adapter")
    let base = hasAdapter ? Shared.zoo(try #require(wanted["base"]?.string)) : path
    let model = try loadRewardModel(
      base, adapter: hasAdapter ? "\(path)/adapter" : nil, dtype: .f32
    ).model
    let prompts = try #require(wanted["prompts"]?.array).map(\.tokens)
    let found = try withoutGradients {
      try model.rewards(PackedBatch(sequences: prompts)).floats()
    }
    let rewards = try #require(wanted["rewards_f32"]?.array).compactMap {
      ($0.array?.first ?? $0).double.map { Float($0) }
    }
    #expect(distance(found, rewards) < 1e-4)
  }

  @Test(arguments: ["base_llama_f32", "rm_missing_head"])
  func aMissingHeadIsAnErrorUnlessAskedFor(name: String) throws {
    let path = Shared.zoo(name)
    #expect(throws: (any Error).self) { try loadRewardModel(path, dtype: .f32) }
    let first = try loadRewardModel(path, newHead: 1, dtype: .f32)
    let second = try loadRewardModel(path, newHead: 1, dtype: .f32)
    let other = try loadRewardModel(path, newHead: 2, dtype: .f32)
    #expect(try first.model.head.floats() == second.model.head.floats())
    #expect(try first.model.head.floats() != other.model.head.floats())
    #expect("\(first.ledger.origin(of: "score.weight").debugDescription)".contains("seed 1"))
  }

  @Test(arguments: ["rm_full_labels2", "rm_wrong_labels_cfg1_w2", "base_qwen2_f32"])
  func modelsThatAreNoRewardModelsAreErrors(name: String) throws {
    #expect(throws: (any Error).self) {
      try loadRewardModel(Shared.zoo(name), newHead: 1, dtype: .f32)
    }
  }
}
