import Checkpoint
import Diagnostics
import FileIO
import StrictJSON
import TensorCore
import TestSupport
import Testing

@testable import Shards

/// Ranks of Megatron and of tensor-parallel DeepSpeed, cut by torch as their layers cut them.
@Suite(.enabled(if: PeersPython.isPresent, "needs GRAFT_PEERS_PYTHON")) struct ModelParallelTests {
  private static let made = Result { () throws -> TemporaryDirectory in
    let directory = try TemporaryDirectory()
    try PeersPython.run([PeersPython.script("model_parallel.py"), directory.path])
    return directory
  }

  private func expect(
    _ checkpoint: ShardedCheckpoint, equals truth: String, _ comment: Comment
  ) throws {
    let expected = try TensorStore(file: truth)
    let found = try TensorStore(checkpoint.parameters.map(\.source), files: [])
    #expect(found.names == expected.names, comment)
    for name in expected.names {
      let ours = try #require(found[name], comment)
      let theirs = try #require(expected[name])
      #expect(ours.spec == theirs.spec, comment)
      #expect(try ours.bytes() == theirs.bytes(), "\(comment) \(name)")
    }
    #expect(checkpoint.accounts.allSatisfy { $0.isComplete })
  }

  @Test(arguments: [
    "tp2", "tp4", "tp2_pp2", "tp2_pp2_turns", "old", "tied_tp2_pp2", "dist", "dist_stacked",
  ])
  func megatron(_ name: String) throws {
    let out = try Self.made.get().path
    let kind = name.hasPrefix("tied") ? "tied" : "plain"
    // With the settings that the files carry, and with a config.json.
    let own = try ShardedCheckpoint("\(out)/\(name)")
    try expect(own, equals: "\(out)/\(kind)/truth.safetensors", "\(name)")
    let made = try #require(own.configuration)
    let expected = try ModelConfig(directory: "\(out)/\(kind)").json
    for key in made.keys { #expect(made[key] == expected[key], "\(name) \(key)") }
    let given = try ShardedCheckpoint(
      "\(out)/\(name)", config: ModelConfig(directory: "\(out)/\(kind)"))
    try expect(given, equals: "\(out)/\(kind)/truth.safetensors", "\(name) with config")
    #expect(given.configuration == nil)
  }

  @Test(arguments: [2, 4]) func deepSpeed(_ ranks: Int) throws {
    let out = try Self.made.get().path
    let path = "\(out)/deepspeed\(ranks)"
    let config = try ModelConfig(directory: "\(out)/plain")
    let checkpoint = try ShardedCheckpoint(path, config: config)
    try expect(checkpoint, equals: "\(out)/plain/truth.safetensors", "\(path)")
    let error = #expect(throws: GraftError.self) { try ShardedCheckpoint(path) }
    #expect(error?.code == .shardingUnsupported)
    #expect(error?.remedy?.contains("--base") == true)
    // Another model's configuration does not fit.
    var other = config
    other.json["intermediate_size"] = 44
    #expect(throws: GraftError.self) { try ShardedCheckpoint(path, config: other) }
  }

  /// ZeRO within each tensor-parallel rank.
  @Test(arguments: [1, 2, 3]) func dividedTwice(stage: Int) throws {
    let out = try Self.made.get().path
    let config = try ModelConfig(directory: "\(out)/plain")
    let checkpoint = try ShardedCheckpoint("\(out)/zero\(stage)/ckpt", config: config)
    try expect(checkpoint, equals: "\(out)/plain/masters.safetensors", "stage \(stage)")
    #expect(checkpoint.worldSize == 6)
  }

  @Test func tensorParallelRanksOfOtherStepsAreRefused() throws {
    let out = try Self.made.get().path
    let config = try ModelConfig(directory: "\(out)/plain")
    let error = #expect(throws: GraftError.self) {
      try ShardedCheckpoint("\(out)/zero_other_steps/ckpt", config: config)
    }
    #expect(error?.code == .shardsDisagree)
  }

  @Test func aMissingRankIsNamed() throws {
    let out = try Self.made.get().path
    let directory = try TemporaryDirectory()
    let ranks = "\(out)/tp2_pp2/iter_0000012"
    for name in try directoryEntries(ranks).dropLast() {
      try makeDirectories(directory.file(name))
      let bytes = try readFile("\(ranks)/\(name)/model_optim_rng.pt")
      _ = try directory.write(bytes, to: "\(name)/model_optim_rng.pt")
    }
    let error = #expect(throws: GraftError.self) { try ShardedCheckpoint(directory.path) }
    #expect(error?.code == .shardMissing)
    #expect(error?.file?.hasSuffix("mp_rank_01_001") == true)
  }

  @Test func copiesMustBeEqual() throws {
    func account(_ second: [Float]) throws -> ShardedCheckpoint.Parameter? {
      let json = try JSONValue.parse(
        """
        {"model_type": "llama", "hidden_size": 2, "intermediate_size": 2, "num_hidden_layers": 1,
         "num_attention_heads": 1, "vocab_size": 2}
        """)
      let config = ModelConfig(try #require(json.object), file: "config.json")
      let ranks = [[1, 2], second].map { values in
        [MemorySource(name: "model.norm.weight", shape: [2], floats: values, origin: "file")]
      }
      let join = TensorParallelJoin(ranks: ranks, files: ["a", "b"], config: config)
      return try join.joined(role: .causal).weights.first.map { .init($0, .unknown) }
    }
    #expect(try account([1, 2])?.source.floats() == [1, 2])
    let error = #expect(throws: GraftError.self) { try account([1, 3]) }
    #expect(error?.code == .shardsDisagree)
  }

  @Test func partsOfFusedMatrices() throws {
    let json = try JSONValue.parse(
      """
      {"model_type": "phi3", "hidden_size": 2, "intermediate_size": 4, "num_hidden_layers": 1,
       "num_attention_heads": 2, "num_key_value_heads": 2, "vocab_size": 2}
      """)
    let config = ModelConfig(try #require(json.object), file: "config.json")
    let name = "model.layers.0.mlp.gate_up_proj.weight"
    // Gate is 0 ..< 8, up 8 ..< 16, row by row; each rank has half of each.
    let ranks = [[0, 1, 2, 3, 8, 9, 10, 11], [4, 5, 6, 7, 12, 13, 14, 15]].map { values in
      [MemorySource(name: name, shape: [4, 2], floats: values, origin: "file")]
    }
    let join = TensorParallelJoin(ranks: ranks, files: ["a", "b"], config: config)
    let whole = try #require(try join.joined(role: .causal).weights.first)
    #expect(try whole.floats() == (0..<16).map(Float.init))
  }

  @Test func namesThatNobodyKnows() {
    #expect(MegatronTensor("decoder.layers.0.mlp.router.weight", layer: { $0 }) == nil)
    #expect(MegatronTensor("decoder.layers.x.mlp.linear_fc2.weight", layer: { $0 }) == nil)
    #expect(
      MegatronTensor("module.decoder.layers.3.mlp.linear_fc2.weight", layer: { $0 + 4 })
        == .columns("model.layers.7.mlp.down_proj.weight"))
  }
}
