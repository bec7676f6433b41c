import Checkpoint
import Diagnostics
import FileIO
import Shards
import TensorCore
import TestSupport
import Testing

/// Checkpoints that torch saves while the test runs, from two and from three processes.
@Suite(.enabled(if: PeersPython.isPresent, "needs GRAFT_PEERS_PYTHON")) struct LiveDistributedTests
{
  @Test(arguments: [2, 3]) func everyLayoutEqualsTheTruth(_ world: Int) throws {
    let directory = try TemporaryDirectory()
    let out = directory.path
    try PeersPython.run([PeersPython.script("distributed.py"), out, "\(world)"])
    let truth = try TensorStore(file: "\(out)/truth.safetensors")
    for name in [
      "plain", "nested", "accelerate", "accelerate/pytorch_model_fsdp_0", "columns", "ranks",
      "fsdp1", "hf_sharded", "hf_consolidated", "hf_files",
    ] {
      try expect("\(out)/\(name)", equals: truth, world: world)
    }
    let lora = try TensorStore(file: "\(out)/lora.safetensors")
    let checkpoint = try expect("\(out)/lora", equals: lora, world: world)
    let trained = checkpoint.parameters.filter { $0.role == .trained }.map(\.source.spec.name)
    #expect(trained.count == 9)
    #expect(trained.allSatisfy { $0.contains(".lora_") || $0.contains(".modules_to_save.") })
    let optimizer = #expect(throws: GraftError.self) {
      try ShardedCheckpoint("\(out)/accelerate/optimizer_0")
    }
    #expect(optimizer?.code == .shardingUnsupported)
  }

  @discardableResult
  private func expect(
    _ path: String, equals truth: TensorStore, world: Int
  ) throws -> ShardedCheckpoint {
    let checkpoint = try ShardedCheckpoint(path)
    let found = try TensorStore(checkpoint.parameters.map(\.source), files: [])
    #expect(found.names == truth.names, "\(path)")
    for name in truth.names {
      let ours = try #require(found[name], "\(path) \(name)")
      let theirs = try #require(truth[name])
      #expect(ours.spec == theirs.spec, "\(path)")
      #expect(try ours.bytes() == theirs.bytes(), "\(path) \(name)")
    }
    #expect(checkpoint.worldSize == world, "\(path)")
    #expect(!checkpoint.findings.contains { $0.severity != .note }, "\(path)")
    let total = truth.inFileOrder.reduce(0) { $0 + $1.spec.elementCount }
    #expect(checkpoint.accounts.reduce(0) { $0 + $1.read } == total, "\(path)")
    return checkpoint
  }
}
