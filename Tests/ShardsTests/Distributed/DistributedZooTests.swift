import Checkpoint
import Diagnostics
import FileIO
import TestSupport
import Testing

@testable import Shards

/// Checkpoints that torch.distributed.checkpoint wrote from two processes, beside the whole state
/// that rank 0 gathered.
@Suite(.enabled(if: Shared.isPresent, "needs ../shared")) struct DistributedZooTests {
  private func expectEqual(_ weights: [ChunkedSource], _ file: String) throws {
    let expected = try TensorStore(file: file)
    let found = try TensorStore(weights, files: [])
    #expect(found.names == expected.names)
    for name in expected.names {
      let ours = try #require(found[name])
      let theirs = try #require(expected[name])
      #expect(ours.spec == theirs.spec)
      #expect(try ours.bytes() == theirs.bytes(), "\(name)")
      // In pieces too, as outputs are written.
      for rows in rowBlocks(of: ours.spec, byteLimit: 700) {
        #expect(try ours.bytes(rows: rows) == theirs.bytes(rows: rows), "\(name) \(rows)")
      }
    }
  }

  @Test(arguments: ["dcp_fsdp2_model", "dcp_fsdp2_lora"]) func metadata(_ name: String) throws {
    let checkpoint = try DistributedCheckpoint(Shared.zoo("\(name)/dcp"))
    try expectEqual(checkpoint.weights, Shared.zoo("\(name)/full_state.safetensors"))
    #expect(checkpoint.findings.isEmpty)
    #expect(checkpoint.files.count == 2)
    #expect(checkpoint.files.allSatisfy { $0.claimed == $0.total })
  }

  @Test func safetensors() throws {
    let checkpoint = try ShardedSafetensors(Shared.zoo("dcp_hf_safetensors/dcp_hf"))
    try expectEqual(
      checkpoint.weights, Shared.zoo("dcp_hf_safetensors/full_state.safetensors"))
    #expect(checkpoint.isSeenToEnd)
  }
}
