import Checkpoint
import Diagnostics
import FileIO
import Safetensors
import Shards
import StrictJSON
import TensorCore
import TestSupport
import Testing

/// Directories out of real checkpoints, held against what PEFT and DeepSpeed made of them.
@Suite(.enabled(if: Shared.isPresent, "needs ../shared")) struct GatheringTests {
  private static func expectEqual(_ output: String, _ stem: String, _ truth: String) throws {
    let written = try TensorStore(directory: output, name: stem)
    let expected = try TensorStore(safetensors: truth)
    #expect(written.names == expected.names)
    for name in expected.names {
      #expect(written[name]?.spec == expected[name]?.spec)
      #expect(try written[name]?.bytes() == expected[name]?.bytes(), "\(name)")
    }
  }

  private static func gather(
    _ path: String, _ directory: TemporaryDirectory, _ change: (inout Gathering.Options) -> Void
  ) throws -> (output: String, plan: Gathering) {
    var options = Gathering.Options()
    change(&options)
    let plan = try Gathering(path, options)
    let output = directory.file("out")
    _ = try plan.write(to: output)
    return (output, plan)
  }

  @Test(arguments: ["ds_z0_lora_bf16", "ds_z2_lora_bf16", "ds_z3_lora_bf16", "ds_z3_lora_fp32"])
  func adaptersAreWhatPEFTSaves(_ name: String) throws {
    let directory = try TemporaryDirectory()
    let config = Shared.zoo("ds_z3_lora_bf16/good_adapter")
    let (output, plan) = try Self.gather(Shared.zoo("\(name)/ckpt"), directory) {
      $0.config = config
      $0.dtype = .f32
    }
    #expect(plan.isAdapter)
    try Self.expectEqual(
      output, "adapter_model", Shared.zoo("\(name)/expected_adapter_fp32.safetensors"))
    #expect(
      try readFile("\(output)/adapter_config.json") == readFile("\(config)/adapter_config.json"))
  }

  @Test(arguments: ["ds_z3_lora_bf16", "ds_z3_lora_fp32"])
  func adaptersWithoutValuesAreRescued(_ name: String) throws {
    let directory = try TemporaryDirectory()
    let broken = Shared.zoo("\(name)/broken_save_pretrained")
    let (output, plan) = try Self.gather(broken, directory) {
      $0.dtype = name.hasSuffix("bf16") ? .bf16 : nil
    }
    // The fp32 adapter that PEFT saved whole is the master; the bf16 one is its rounding.
    try Self.expectEqual(
      output, "adapter_model", Shared.zoo("\(name)/good_adapter/adapter_model.safetensors"))
    #expect(plan.findings.map(\.detail.code.name) == ["gather-origin"])
    #expect(plan.entries.contains { $0.name.hasSuffix("score.weight") })
  }

  @Test func adaptersThatLostSomeTensorsGetTheseBack() throws {
    let directory = try TemporaryDirectory()
    let good = Shared.zoo("ds_z3_lora_bf16/good_adapter")
    let whole = try TensorStore(directory: good, name: "adapter_model")
    let lost = Set(whole.names.filter { $0.contains("lora_B") || $0.contains("score") })
    let specs = whole.inFileOrder.map(\.spec).map {
      TensorSpec(name: $0.name, dtype: $0.dtype, shape: lost.contains($0.name) ? [0] : $0.shape)
    }
    let mixed = directory.file("mixed")
    try makeDirectories(mixed)
    let writer = try SafetensorsWriter("\(mixed)/adapter_model.safetensors", tensors: specs)
    for spec in specs where spec.elementCount > 0 {
      try whole[spec.name]?.bytes().withUnsafeBytes { try writer.append($0) }
    }
    _ = try writer.close()
    _ = try directory.write(
      try readFile("\(good)/adapter_config.json"), to: "mixed/adapter_config.json")
    let (output, plan) = try Self.gather(mixed, directory) {
      $0.shards = Shared.zoo("ds_z3_lora_bf16/ckpt")
      $0.dtype = .bf16
    }
    try Self.expectEqual(output, "adapter_model", "\(good)/adapter_model.safetensors")
    #expect(
      plan.findings.map(\.detail.message) == [
        "7 of 13 tensors have no values here; they come from the shards"
      ])
    // Shards of another model have none of these tensors.
    #expect(throws: GraftError.self) {
      try Self.gather(mixed, directory) { $0.shards = Shared.zoo("ds_z2_bf16/ckpt") }
    }
  }

  @Test func wholeTensorsOfAnAdapterAreHeldAgainstTheShards() throws {
    let directory = try TemporaryDirectory()
    let (_, plan) = try Self.gather(Shared.zoo("ds_z3_lora_bf16/good_adapter"), directory) {
      $0.shards = Shared.zoo("ds_z3_lora_bf16/ckpt")
    }
    #expect(plan.findings.isEmpty)
    let other = try TemporaryDirectory()
    let (_, differing) = try Self.gather(Shared.zoo("ds_z3_lora_bf16/good_adapter"), other) {
      $0.shards = Shared.zoo("ds_z3_lora_fp32/ckpt")
    }
    #expect(differing.findings.count == 13)
    #expect(differing.findings.allSatisfy { $0.severity == .warning })
  }

  @Test(arguments: ["ds_z1_bf16", "ds_z2_bf16", "ds_z2_2groups_bf16", "ds_z3_bf16", "ds_z3_fp32"])
  func modelsKeepTheirHeads(_ name: String) throws {
    let directory = try TemporaryDirectory()
    let (output, plan) = try Self.gather(Shared.zoo("\(name)/ckpt"), directory) {
      $0.base = Shared.zoo("base_llama_odd_f32")
    }
    #expect(!plan.isAdapter)
    try Self.expectEqual(output, "model", Shared.zoo("\(name)/zero_to_fp32.safetensors"))
    let config = try ModelConfig(directory: output)
    #expect(config.architectures == ["LlamaForSequenceClassification"])
    #expect(config.labelCount == 1)
    #expect(fileExists("\(output)/tokenizer.json"))
    let record = try JSONValue.parse(try readFile("\(output)/graft.json"), file: "graft.json")
    let origins = try #require(record["ledger"]?["tensors"]?.object)
    #expect(origins.count == 21)
    #expect(origins["model.embed_tokens.weight"]?["from"]?.array?.count == 2)
  }

  @Test func modelsWithoutValuesAreRescued() throws {
    let directory = try TemporaryDirectory()
    let (output, _) = try Self.gather(
      Shared.zoo("ds_z3_bf16/broken_save_pretrained"), directory
    ) { $0.dtype = .bf16 }
    try Self.expectEqual(
      output, "model", Shared.zoo("ds_z3_bf16/consolidated_module.safetensors"))
  }

  @Test func configurationsAreRebuiltFromTheTensors() throws {
    let directory = try TemporaryDirectory()
    let (output, _) = try Self.gather(Shared.zoo("ds_z2_lora_bf16/ckpt"), directory) {
      $0.alpha = 8
    }
    let file = "\(output)/adapter_config.json"
    let config = try JSONValue.parse(try readFile(file), file: file)
    #expect(config["r"]?.int == 4)
    #expect(config["lora_alpha"]?.int == 8)
    #expect(
      config["target_modules"]?.array?.compactMap(\.string) == ["down_proj", "q_proj", "v_proj"])
    #expect(config["modules_to_save"]?.array?.compactMap(\.string) == ["score"])
    #expect(config["task_type"]?.string == "SEQ_CLS")
  }

  @Test func whatCannotBeKnownIsAskedFor() throws {
    #expect(throws: GraftError.self) { try Gathering(Shared.zoo("ds_z2_lora_bf16/ckpt")) }
    #expect(throws: GraftError.self) { try Gathering(Shared.zoo("lora_plain_llama")) }
  }
}
