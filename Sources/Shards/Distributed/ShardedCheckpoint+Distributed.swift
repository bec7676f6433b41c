import Checkpoint
import Diagnostics
import FileIO
import TensorCore

extension ShardedCheckpoint {
  /// Opens a checkpoint of torch.distributed.checkpoint with metadata; one of Megatron's models gets
  /// the names of Hugging Face.
  init(distributed layout: ShardedLayout, config: ModelConfig?) throws(GraftError) {
    let checkpoint = try DistributedCheckpoint(layout.directory)
    guard !checkpoint.weights.isEmpty else {
      throw .noWeightsInCheckpoint(layout.directory, states: checkpoint.states.count)
    }
    let megatron = try Self.megatron(checkpoint.weights, in: layout.directory, config: config)
    self.init(
      layout: layout,
      format: layout.kind.program + (megatron == nil ? "" : ", a Megatron model"),
      parameters: Self.parameters(megatron?.weights ?? checkpoint.weights),
      accounts: Self.accounts(of: checkpoint.weights, files: checkpoint.files.map(\.path)),
      files: try DistributedCheckpoint.metadataFiles(in: layout.directory)
        + checkpoint.files.map(\.path))
    configuration = megatron?.config
    findings = checkpoint.findings + (megatron?.findings ?? [])
    if !checkpoint.states.isEmpty {
      findings.append(
        Finding(.note, .statesLeftOut(layout.directory, count: checkpoint.states.count)))
    }
    worldSize = Self.worldSize(accounts)
  }

  /// Opens a checkpoint of torch.distributed.checkpoint in safetensors files.
  init(distributedSafetensors layout: ShardedLayout) throws(GraftError) {
    let checkpoint = try ShardedSafetensors(layout.directory)
    guard !checkpoint.weights.isEmpty else {
      throw .noWeightsInCheckpoint(layout.directory, states: 0)
    }
    self.init(
      layout: layout, format: layout.kind.program,
      parameters: Self.parameters(checkpoint.weights),
      accounts: Self.accounts(of: checkpoint.weights, files: checkpoint.files),
      files: checkpoint.files)
    findings = checkpoint.findings
    worldSize = Self.worldSize(accounts)
  }

  /// Who changed which weight is not in the files; where there are adapters, they and what is saved
  /// with them were.
  private static func parameters(_ weights: [ChunkedSource]) -> [Parameter] {
    weights.map { weight in
      let name = weight.spec.name
      let isAdapter =
        name.contains("lora_") || name.contains(".modules_to_save.")
        || name.contains("trainable_tokens_")
      return Parameter(weight, isAdapter ? .trained : .unknown)
    }
  }

  /// The elements of each file: those of its blocks.
  private static func accounts(of weights: [ChunkedSource], files: [String]) -> [ShardAccount] {
    var counts: [String: Int] = [:]
    for weight in weights {
      for part in weight.originals { counts[part.file, default: 0] += part.spec.elementCount }
    }
    return files.map { file in
      let count = counts[file] ?? 0
      return ShardAccount(
        file: file, rank: rank(of: splitPath(file).name), part: "weights", expected: count,
        read: count, padding: 0, stored: count)
    }.sorted { ($0.rank, $0.file) < ($1.rank, $1.file) }
  }

  /// The rank in `__3_0.distcp`, or in `shard-00004-model-00001-of-00001.safetensors`.
  private static func rank(of file: String) -> Int {
    let digits = file.drop { !$0.isASCII || !$0.isNumber }.prefix { $0.isASCII && $0.isNumber }
    let number = Int(digits) ?? 0
    return file.hasPrefix("shard-") ? max(0, number - 1) : number
  }

  private static func worldSize(_ accounts: [ShardAccount]) -> Int? {
    accounts.map { $0.rank + 1 }.max()
  }
}
