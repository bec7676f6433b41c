import Checkpoint
import Diagnostics
import FileIO
import TensorCore
import TestSupport
import Testing

@testable import Shards

/// Checkpoints of torch.distributed.checkpoint that lie, or lack something.
struct DistributedErrorTests {
  typealias Block = TinyDistributed.Block

  private func error(_ checkpoint: TinyDistributed) throws -> GraftError? {
    let directory = try TemporaryDirectory()
    try checkpoint.write(to: directory.path)
    return failure(directory.path)
  }

  private func code(_ checkpoint: TinyDistributed) throws -> GraftError.Code? {
    try error(checkpoint)?.code
  }

  private func failure(_ path: String) -> GraftError? {
    do throws(GraftError) {
      _ = try ShardedCheckpoint(path)
      return nil
    } catch { return error }
  }

  @Test func aRightOneIsRead() throws {
    let directory = try TemporaryDirectory()
    try TinyDistributed.halves.write(to: directory.path)
    let checkpoint = try ShardedCheckpoint(directory.path)
    #expect(checkpoint.parameters.map(\.source.spec.name) == ["a.weight", "b.weight"])
    #expect(try checkpoint.parameters[0].source.floats() == (0..<15).map(Float.init))
    #expect(checkpoint.worldSize == 2)
    #expect(checkpoint.accounts.map(\.read) == [11, 8])
    #expect(checkpoint.findings.isEmpty)
  }

  @Test func blocksOfAnyCut() throws {
    // Three axes, cut along all of them, one element left alone, and an empty block.
    var tiny = TinyDistributed(tensors: [
      .init(
        name: "w", shape: [3, 4, 5],
        blocks: [
          Block([0, 0, 0], [2, 2, 5], rank: 0), Block([0, 2, 0], [2, 2, 3], rank: 1),
          Block([0, 2, 3], [2, 2, 2], rank: 0), Block([2, 0, 0], [1, 4, 4], rank: 1),
          Block([2, 0, 4], [1, 1, 1], rank: 1), Block([2, 1, 4], [1, 3, 1], rank: 0),
          Block([3, 0, 0], [0, 4, 5], rank: 0),
        ])
    ])
    tiny.tensors.append(.init(name: "s", shape: [], blocks: [Block([], [], rank: 1)]))
    let directory = try TemporaryDirectory()
    try tiny.write(to: directory.path)
    let checkpoint = try ShardedCheckpoint(directory.path)
    let source = checkpoint.parameters[0].source
    #expect(try source.floats() == (0..<60).map(Float.init))
    for first in 0..<12 {
      for end in first + 1...12 {
        #expect(try source.floats(rows: first..<end) == (first * 5..<end * 5).map(Float.init))
      }
    }
    #expect(try checkpoint.parameters[1].source.floats() == [0])
  }

  @Test func rowsThatNobodyWrote() throws {
    var tiny = TinyDistributed.halves
    tiny.tensors[0].blocks.removeLast()
    let error = try #require(try error(tiny))
    #expect(error.code == .elementsNeverWritten)
    #expect(error.tensor == "a.weight")
    #expect(error.message == "6 of 15 elements of [5, 3] are in no block, the first at [3, 0]")
  }

  @Test func aBlockThatIsListedAndNotStored() throws {
    var tiny = TinyDistributed.halves
    tiny.tensors[0].blocks[1].isPlaced = false
    let error = try #require(try error(tiny))
    #expect(error.code == .shardMissing)
    #expect(error.message.contains("[3:5, 0:3]"))
  }

  @Test func blocksThatOverlap() throws {
    var tiny = TinyDistributed.halves
    tiny.tensors[0].blocks[1] = Block([2, 0], [3, 3], rank: 1)
    #expect(try error(tiny)?.code == .shardsDisagree)
  }

  @Test func aBlockOutside() throws {
    var tiny = TinyDistributed.halves
    tiny.tensors[0].blocks[1] = Block([3, 0], [3, 3], rank: 1)
    #expect(try error(tiny)?.code == .shardInvalid)
    tiny.tensors[0].blocks[1] = Block([.max, 0], [2, 3], rank: 1)
    #expect(try error(tiny)?.code == .shardInvalid)
    tiny.tensors[0].blocks[1] = Block([3, 0], [-2, 3], rank: 1)
    #expect(try error(tiny)?.code == .shardInvalid)
    tiny.tensors[0].blocks[1] = Block([3], [2], rank: 1)
    #expect(try error(tiny)?.code == .shardInvalid)
  }

  @Test func shapesThatNoMemoryHolds() throws {
    var tiny = TinyDistributed.halves
    tiny.tensors[1].shape = [1 << 40, 1 << 40]
    tiny.tensors[1].blocks = []
    #expect(try error(tiny)?.code == .shardInvalid)
    // A shape that fits, and blocks that do not fill it: no memory is asked for.
    tiny.tensors[1].shape = [1 << 30, 1 << 20]
    #expect(try error(tiny)?.code == .elementsNeverWritten)
  }

  @Test func aBlockOfAnotherShapeOrType() throws {
    var tiny = TinyDistributed.halves
    tiny.tensors[0].blocks[1].storedSizes = [3, 2]
    #expect(try error(tiny)?.code == .shardsDisagree)
    tiny = .halves
    tiny.tensors[0].dtype = "bfloat16"
    let error = try #require(try error(tiny))
    #expect(error.message.contains("holds F32 [3, 3] for the block [0:3, 0:3]"))
    tiny.tensors[0].dtype = "quint8"
    #expect(try self.error(tiny)?.code == .shardInvalid)
  }

  @Test func aFileThatIsMissingOrCut() throws {
    let directory = try TemporaryDirectory()
    try TinyDistributed.halves.write(to: directory.path)
    let path = directory.file("__1_0.distcp")
    let bytes = try readFile(path)
    try TinyDistributed.write(Array(bytes.dropLast(40)), to: path)
    #expect(failure(directory.path)?.code == .shardMissing)
    #expect(failure(directory.path)?.file == path)
    removeTree(path)
    #expect(failure(directory.path)?.code == .shardMissing)
  }

  @Test(arguments: ["../x", "/etc/passwd", "a/../../x", "", ".", "a//b", "a\0b"])
  func pathsThatLeaveTheDirectory(_ path: String) throws {
    var tiny = TinyDistributed.halves
    tiny.place = { (path, $1, $2) }
    #expect(try error(tiny)?.code == .shardOutsideDirectory)
  }

  @Test func placesThatCannotBe() throws {
    var tiny = TinyDistributed.halves
    tiny.place = { file, offset, _ in (file, offset, Int.max) }
    #expect(try code(tiny) != nil)
    tiny.place = { file, _, length in (file, -8, length) }
    #expect(try code(tiny) == .shardInvalid)
    tiny.place = { file, _, length in (file, 0, length) }
    #expect(try code(tiny) == .shardsDisagree)
    tiny.place = { file, offset, _ in (file, offset, 0) }
    #expect(try code(tiny) == .shardInvalid)
    tiny.place = { file, offset, length in (file, offset, length - 30) }
    #expect(try code(tiny) != nil)
  }

  @Test func bytesThatWereTransformed() throws {
    var tiny = TinyDistributed.halves
    tiny.transforms = ["zstd"]
    let error = try #require(try error(tiny))
    #expect(error.code == .shardingUnsupported)
    #expect(error.message.contains("zstd"))
  }

  @Test func bytesOfAnEarlierSave() throws {
    var tiny = TinyDistributed.halves
    tiny.tail = [1, 2, 3]
    let directory = try TemporaryDirectory()
    try tiny.write(to: directory.path)
    try TinyDistributed.write([1, 2, 3, 4], to: directory.file("__7_0.distcp"))
    let findings = try ShardedCheckpoint(directory.path).findings
    #expect(findings.map(\.detail.code) == Array(repeating: .unusedShardBytes, count: 3))
    #expect(findings.allSatisfy { $0.severity == .warning })
  }

  @Test func metadataOfAnotherKind() throws {
    var tiny = TinyDistributed.halves
    tiny.metadataClass = "Other"
    let none = try error(tiny)
    #expect(none == nil)
    let directory = try TemporaryDirectory()
    for bytes: [UInt8] in [[0x80, 2, 0x7D, 0x2E], [0x80, 2, 0x4E, 0x2E], [], [0x80, 2]] {
      try TinyDistributed.write(bytes, to: directory.file(".metadata"))
      #expect(failure(directory.path) != nil)
    }
  }

  @Test func anOptimizerIsNoModel() throws {
    var tiny = TinyDistributed.halves
    for i in tiny.tensors.indices {
      tiny.tensors[i].path = ["optimizer", "state", tiny.tensors[i].name, "exp_avg"]
    }
    let error = try #require(try error(tiny))
    #expect(error.code == .shardingUnsupported)
    #expect(error.message == "holds no weights, but 2 tensors of an optimiser")
  }

  @Test func flatParametersHaveNoNames() throws {
    var tiny = TinyDistributed.halves
    tiny.tensors[1].name = "model._fsdp_wrapped_module._flat_param"
    #expect(try error(tiny)?.code == .shardingUnsupported)
  }

  @Test func keysThatLeadToWeights() {
    #expect(StatePath(["model", "model.norm.weight"]) == .weight("model.norm.weight"))
    #expect(StatePath(["app", "model", "lm_head.weight"]) == .weight("lm_head.weight"))
    #expect(StatePath(["model.norm.weight"]) == .weight("model.norm.weight"))
    #expect(StatePath(["critic", "norm.weight"]) == .weight("critic.norm.weight"))
    #expect(StatePath(["optimizer", "state", "norm.weight", "exp_avg"]) == .training)
    #expect(StatePath(["optimizer.state.exp_avg.decoder.weight"]) == .training)
    #expect(StatePath(["state.model.norm.weight.exp_avg"]) == .training)
    #expect(StatePath(["app", "optim", "state", "norm.weight", "step"]) == .training)
  }

  @Test func coversThatTakeTooLong() {
    // A grid of blocks in which no axis separates them well is still checked.
    let boxes = (0..<64).flatMap { row in
      (0..<64).map { Box(offsets: [row, $0], sizes: [1, 1]) }
    }
    #expect(BoxCover(of: [64, 64], by: boxes) == .exact)
    #expect(
      BoxCover(of: [64, 64], by: Array(boxes.dropFirst()))
        == .missing(elements: 1, example: [0, 0]))
    let many = (0..<10_000).map { Box(offsets: [0, $0], sizes: [1, 1]) }
    #expect(BoxCover(of: [1, 10_000], by: many) == .exact)
  }
}
