import Diagnostics
import FileIO
import Shards
import TestSupport
import Testing

/// Checkpoints that lost, mixed up or cut files.
@Suite(.enabled(if: Shared.isPresent, "needs ../shared")) struct ZeroDamageTests {
  private static let rank = "bf16_zero_pp_rank_1_mp_rank_00_optim_states.pt"

  /// A copy of a checkpoint that may be damaged.
  private struct Copy {
    let directory: TemporaryDirectory
    var step: String { directory.file("global_step3") }

    init(_ name: String) throws {
      directory = try TemporaryDirectory()
      let source = Shared.zoo("\(name)/ckpt")
      try copy("\(source)/global_step3", to: "global_step3")
      try write("global_step3\n", to: "latest")
    }

    func copy(_ source: String, to name: String) throws {
      for file in try directoryEntries(source) {
        try makeDirectories(directory.file(name))
        _ = try directory.write(try readFile("\(source)/\(file)"), to: "\(name)/\(file)")
      }
    }

    func write(_ text: String, to name: String) throws {
      removeTree(directory.file(name))
      _ = try directory.write(Array(text.utf8), to: name)
    }

    func failure() -> GraftError? {
      do throws(GraftError) {
        _ = try ShardedCheckpoint(directory.path)
        return nil
      } catch {
        return error
      }
    }
  }

  @Test func theCopyItselfIsWhole() throws {
    #expect(try Copy("ds_z2_bf16").failure() == nil)
    #expect(try Copy("ds_z3_bf16").failure() == nil)
  }

  @Test(arguments: ["ds_z2_bf16", "ds_z3_bf16"]) func aMissingRankIsNamed(_ name: String) throws {
    let copy = try Copy(name)
    removeTree("\(copy.step)/\(Self.rank)")
    let failure = copy.failure()
    #expect(failure?.code == .shardMissing)
    #expect(failure?.message.contains(Self.rank) == true)
  }

  @Test func missingModelStatesAreNamed() throws {
    let copy = try Copy("ds_z3_bf16")
    removeTree("\(copy.step)/zero_pp_rank_1_mp_rank_00_model_states.pt")
    #expect(copy.failure()?.code == .shardMissing)
    removeTree("\(copy.step)/zero_pp_rank_0_mp_rank_00_model_states.pt")
    #expect(copy.failure()?.code == .shardMissing)
    let other = try Copy("ds_z2_bf16")
    for rank in 0..<2 {
      removeTree("\(other.step)/bf16_zero_pp_rank_\(rank)_mp_rank_00_optim_states.pt")
    }
    #expect(other.failure()?.code == .shardMissing)
  }

  @Test func aRankTooManyIsOfAnotherRun() throws {
    let copy = try Copy("ds_z2_bf16")
    _ = try copy.directory.write(
      try readFile("\(copy.step)/\(Self.rank)"),
      to: "global_step3/bf16_zero_pp_rank_2_mp_rank_00_optim_states.pt")
    #expect(copy.failure()?.code == .shardsDisagree)
  }

  @Test(arguments: ["ds_z2_2groups_bf16", "ds_z2_lora_bf16", "ds_z3_bf16", "ds_z1_bf16"])
  func aRankOfAnotherRunIsRefused(_ other: String) throws {
    let copy = try Copy("ds_z2_bf16")
    removeTree("\(copy.step)/\(Self.rank)")
    _ = try copy.directory.write(
      try readFile(Shared.zoo("\(other)/ckpt/global_step3/\(Self.rank)")),
      to: "global_step3/\(Self.rank)")
    #expect(copy.failure() != nil)
  }

  @Test(arguments: [1, 1000, 60_000, 190_000]) func cutFilesAreRefused(_ lost: Int) throws {
    for name in ["ds_z2_bf16", "ds_z3_bf16"] {
      let copy = try Copy(name)
      let bytes = try readFile("\(copy.step)/\(Self.rank)")
      removeTree("\(copy.step)/\(Self.rank)")
      _ = try copy.directory.write(
        Array(bytes.dropLast(lost)), to: "global_step3/\(Self.rank)")
      #expect(copy.failure() != nil)
    }
  }

  @Test func theTagMustNameTheLastStepBesideIt() throws {
    let copy = try Copy("ds_z2_bf16")
    for tag in ["../global_step3", "/tmp", "..", "", "global_step4", "a\0b"] {
      try copy.write(tag, to: "latest")
      #expect(copy.failure()?.code == .tagMismatch, "\(tag)")
    }
    try copy.write("global_step3", to: "latest")
    #expect(copy.failure() == nil)
    try copy.copy(copy.step, to: "global_step12")
    #expect(copy.failure()?.code == .tagMismatch)
    try copy.write("global_step12", to: "latest")
    #expect(copy.failure() == nil)
    removeTree(copy.directory.file("latest"))
    #expect(copy.failure()?.code == .notSharded)
  }

  @Test func directoriesWithoutShardsSaySo() throws {
    let copy = try Copy("ds_z2_bf16")
    let run = try TemporaryDirectory()
    try makeDirectories(run.file("checkpoint-3"))
    #expect(throws: GraftError.self) { try ShardedCheckpoint(run.path) }
    #expect(throws: GraftError.self) { try ShardedCheckpoint(run.file("nothing")) }
    #expect(!ShardedLayout.isPresent(at: run.path))
    #expect(ShardedLayout.isPresent(at: copy.directory.path))
  }
}
