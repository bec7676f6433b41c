import Checkpoint
import Diagnostics
import FileIO
import Foundation
import Shards
import TensorCore
import TestSupport
import Testing

/// A Python that has DeepSpeed: GRAFT_DEEPSPEED_PYTHON, or GRAFT_PEERS_PYTHON where that has it.
private enum DeepSpeedPython {
  static let path: String? = {
    let environment = ProcessInfo.processInfo.environment
    let names = ["GRAFT_DEEPSPEED_PYTHON", "GRAFT_PEERS_PYTHON"]
    return names.compactMap { environment[$0] }.first { python in
      let library = splitPath(splitPath(python).parent).parent + "/lib"
      let versions = (try? directoryEntries(library)) ?? []
      return versions.contains {
        fileExists("\(library)/\($0)/site-packages/deepspeed/__init__.py")
      }
    }
  }()
}

/// Checkpoints that the real DeepSpeed writes now, in two and three processes, held against its own
/// zero_to_fp32.
@Suite(.enabled(if: DeepSpeedPython.path != nil, "needs deepspeed"), .serialized)
struct DeepSpeedTests {
  private static func train(_ ranks: Int, _ variants: [String]) throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    try PeersPython.run(
      [PeersPython.script("deepspeed_run.py"), directory.path, "\(ranks)"] + variants,
      python: DeepSpeedPython.path)
    return directory
  }

  private static func check(_ folder: String, ranks: Int, _ variant: String) throws {
    let checkpoint = try ShardedCheckpoint("\(folder)/ckpt")
    let truth = try TensorStore(safetensors: "\(folder)/truth.safetensors")
    #expect(checkpoint.step == 2, "\(variant)")
    #expect(checkpoint.worldSize == ranks, "\(variant)")
    if variant.contains("exclude") {
      #expect(checkpoint.absent.map(\.name) == ["embed.weight"])
    } else {
      #expect(checkpoint.absent.isEmpty)
    }
    let names = checkpoint.parameters.map(\.source.spec.name).sorted()
    // What DeepSpeed leaves out at stage 1, and on request, is in the module all the same.
    #expect(Set(names).isSuperset(of: truth.names), "\(variant)")
    for parameter in checkpoint.parameters {
      guard let expected = truth[parameter.source.spec.name] else {
        #expect(parameter.role != .trained, "\(variant): \(parameter.source.spec.name)")
        continue
      }
      #expect(parameter.source.spec.shape == expected.spec.shape, "\(variant)")
      #expect(
        try parameter.source.floats() == expected.floats(),
        "\(variant): \(parameter.source.spec.name)")
    }
  }

  @Test(.timeLimit(.minutes(5))) func threeRanks() throws {
    let variants = [
      "0-bf16", "1-bf16-frozen", "2-fp32-groups-robin", "2-bf16-frozen", "2-bf16-exclude",
      "3-bf16-frozen-persist", "3-fp32-groups-subgroups",
    ]
    let directory = try Self.train(3, variants)
    for variant in variants {
      try Self.check(directory.file(variant), ranks: 3, variant)
    }
  }

  @Test(.timeLimit(.minutes(5))) func twoRanks() throws {
    let variants = ["1-bf16-bf16opt", "2-bf16-moe", "2-bf16-universal", "3-bf16-universal"]
    let directory = try Self.train(2, variants)
    for variant in variants {
      let folder = directory.file(variant)
      try Self.check(folder, ranks: 2, variant)
      guard variant.hasSuffix("universal") else { continue }
      let universal = try ShardedCheckpoint("\(folder)/universal")
      #expect(universal.layout.kind == .universal)
      let plain = try ShardedCheckpoint("\(folder)/ckpt")
      let known = Dictionary(
        plain.parameters.map { ($0.source.spec.name, $0.source) }, uniquingKeysWith: { $1 })
      #expect(Set(universal.parameters.map(\.source.spec.name)) == Set(known.keys))
      for parameter in universal.parameters {
        let name = parameter.source.spec.name
        #expect(try parameter.source.floats() == known[name]?.floats(), "\(variant): \(name)")
      }
    }
  }
}
