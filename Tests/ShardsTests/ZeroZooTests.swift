import Checkpoint
import Diagnostics
import FileIO
import Shards
import TensorCore
import TestSupport
import Testing

/// Real DeepSpeed checkpoints, held against what DeepSpeed's own zero_to_fp32 made of them.
@Suite(.enabled(if: Shared.isPresent, "needs ../shared")) struct ZeroZooTests {
  static let cases = [
    "ds_z1_bf16", "ds_z2_bf16", "ds_z2_2groups_bf16", "ds_z2_lora_bf16", "ds_z3_bf16",
    "ds_z3_fp32", "ds_z3_lora_bf16", "ds_z3_lora_fp32",
  ]

  private static func truth(_ name: String, _ file: String) throws -> TensorStore {
    try TensorStore(safetensors: Shared.zoo("\(name)/\(file).safetensors"))
  }

  @Test(arguments: cases) func mastersAreThoseOfDeepSpeed(_ name: String) throws {
    let checkpoint = try ShardedCheckpoint(Shared.zoo("\(name)/ckpt"))
    let truth = try Self.truth(name, "zero_to_fp32")
    #expect(checkpoint.parameters.map(\.source.spec.name).sorted() == truth.names)
    for parameter in checkpoint.parameters {
      let expected = try #require(truth[parameter.source.spec.name])
      #expect(parameter.source.spec == expected.spec)
      #expect(try parameter.source.bytes() == expected.bytes())
    }
    #expect(checkpoint.step == 3)
    #expect(checkpoint.worldSize == 2)
    #expect(checkpoint.absent.isEmpty)
    #expect(checkpoint.findings.isEmpty)
  }

  @Test(arguments: cases) func everyElementIsAccountedFor(_ name: String) throws {
    let checkpoint = try ShardedCheckpoint(Shared.zoo("\(name)/ckpt"))
    for account in checkpoint.accounts {
      #expect(account.expected == account.read)
      #expect(account.stored == account.read + account.padding)
    }
    let trained = checkpoint.parameters.filter { $0.role == .trained }
    let groups = checkpoint.accounts.filter { $0.part.hasPrefix("group") }
    #expect(Set(groups.map(\.rank)) == [0, 1])
    #expect(
      groups.reduce(0) { $0 + $1.read }
        == trained.reduce(0) { $0 + $1.source.spec.elementCount })
  }

  @Test(arguments: ["ds_z1_bf16", "ds_z2_bf16", "ds_z2_2groups_bf16", "ds_z2_lora_bf16"])
  func moduleWeightsAreThoseOfTheModule(_ name: String) throws {
    let checkpoint = try ShardedCheckpoint(Shared.zoo("\(name)/ckpt"), weights: .module)
    let truth = try Self.truth(name, "consolidated_module")
    #expect(checkpoint.parameters.map(\.source.spec.name).sorted() == truth.names)
    for parameter in checkpoint.parameters {
      #expect(
        try parameter.source.bytes() == truth[parameter.source.spec.name]?.bytes())
    }
  }

  @Test func stageZeroIsTheModuleItself() throws {
    let checkpoint = try ShardedCheckpoint(Shared.zoo("ds_z0_lora_bf16/ckpt"))
    let truth = try Self.truth("ds_z0_lora_bf16", "zero_to_fp32")
    #expect(checkpoint.parameters.map(\.source.spec.name).sorted() == truth.names)
    for parameter in checkpoint.parameters {
      let name = parameter.source.spec.name
      #expect(parameter.source.spec.dtype == .bf16)
      #expect(try parameter.source.floats() == truth[name]?.floats())
    }
    #expect(checkpoint.findings.count == 1)
  }

  @Test(arguments: ["ds_z3_bf16", "ds_z3_lora_fp32"])
  func moduleWeightsOfStageThreeAreRefused(_ name: String) throws {
    #expect(throws: GraftError.self) {
      _ = try ShardedCheckpoint(Shared.zoo("\(name)/ckpt"), weights: .module)
    }
  }
}
