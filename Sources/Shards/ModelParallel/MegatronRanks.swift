import Checkpoint
import Diagnostics
import FileIO
import TensorCore
import TorchArchive

/// The files of a Megatron checkpoint that keeps one file for each model-parallel rank:
/// `mp_rank_TT/model_optim_rng.pt`, or `mp_rank_TT_PPP/...` where the layers are divided too.
///
/// Source: Megatron-LM `training/checkpointing.py`, `get_checkpoint_name`.
struct MegatronRanks {
  /// One rank's file.
  struct Rank {
    var tensorRank: Int
    var stage: Int
    var file: String
    var archive: TorchFile
  }

  /// The ranks of each stage, in order.
  let stages: [[Rank]]

  /// The settings, from the first file that has them.
  var arguments: PickleValue? { stages.first?.first?.archive.root["args"] }
  /// The number of steps.
  var iteration: Int? { stages.first?.first?.archive.root["iteration"]?.int }
  /// The first file.
  var firstFile: String { stages.first?.first?.file ?? "" }
  /// All files.
  var files: [String] { stages.flatMap { $0.map(\.file) } }

  private static let fileNames = ["model_optim_rng.pt", "model_rng.pt"]

  /// Opens all files of a step's directory.
  ///
  /// - Throws: ``GraftError`` if ranks are missing or of different steps.
  init(_ directory: String) throws(GraftError) {
    var ranks: [Rank] = []
    for name in try directoryEntries(directory) {
      guard name.hasPrefix("mp_rank_") else { continue }
      let numbers = name.dropFirst("mp_rank_".count).split(separator: "_").map { Int($0) }
      let files = Self.fileNames.map { "\(directory)/\(name)/\($0)" }
      guard let file = files.first(where: fileExists), let first = numbers.first,
        let tensorRank = first, !numbers.contains(nil)
      else { continue }
      guard numbers.count <= 2 else {
        throw .megatronRefused("with expert-parallel ranks", file: file)
      }
      let stage = numbers.count == 2 ? numbers[1] ?? 0 : 0
      ranks.append(
        Rank(tensorRank: tensorRank, stage: stage, file: file, archive: try TorchFile(file)))
    }
    ranks.sort { ($0.stage, $0.tensorRank) < ($1.stage, $1.tensorRank) }
    guard let first = ranks.first else {
      throw .system("opening", "\(directory)/mp_rank_00", errno: 2)
    }
    let settings = MegatronConfig(first.archive.root["args"], file: first.file)
    let width = settings?.int("tensor_model_parallel_size") ?? 0
    let depth = settings?.int("pipeline_model_parallel_size") ?? 0
    let expectedWidth = max(width, (ranks.map(\.tensorRank).max() ?? 0) + 1)
    let expectedDepth = max(depth, (ranks.map(\.stage).max() ?? 0) + 1)
    guard expectedWidth <= 1024, expectedDepth <= 1024 else {
      throw .megatronRefused("of more than 1024 ranks", file: first.file)
    }
    let there = Set(ranks.map { [$0.stage, $0.tensorRank] })
    for stage in 0..<expectedDepth {
      for rank in 0..<expectedWidth where !there.contains([stage, rank]) {
        let path =
          "\(directory)/mp_rank_\(Self.padded(rank, 2))"
          + (expectedDepth > 1 ? "_\(Self.padded(stage, 3))" : "")
        throw .rankMissing(path, ranks: expectedWidth * expectedDepth, what: "model-parallel")
      }
    }
    let step = first.archive.root["iteration"]?.int
    for rank in ranks {
      let own = rank.archive.root["iteration"]?.int
      guard own == step else {
        throw .ranksUneven(
          rank.file, found: "is of iteration \(own.map(String.init) ?? "(none)")",
          expected: "is of \(step.map(String.init) ?? "(none)")", of: first.file)
      }
      let version = rank.archive.root["checkpoint_version"]?.double ?? 0
      guard version >= 2 else {
        throw .megatronRefused("of a layout before version 2 (\(version))", file: rank.file)
      }
    }
    stages = (0..<expectedDepth).map { stage in ranks.filter { $0.stage == stage } }
  }

  /// A number with zeros before it.
  static func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}

extension MegatronRanks.Rank {
  /// The parts of the model that the rank holds, each with its tensors by name: one, or several
  /// where stages take turns.
  ///
  /// - Throws: ``GraftError`` if there is none, or a name stands twice.
  func parts() throws(GraftError) -> [[any TensorSource]] {
    var parts: [[any TensorSource]] = []
    if let model = archive.root["model"] {
      parts = [try tensors(of: model)]
    } else {
      while parts.count < 1024, let model = archive.root["model\(parts.count)"] {
        parts.append(try tensors(of: model))
      }
    }
    guard !parts.isEmpty else { throw .megatronRefused("without a model", file: file) }
    return parts
  }

  /// The tensors in dictionaries within dictionaries, by their keys joined with dots.
  private func tensors(of model: PickleValue) throws(GraftError) -> [any TensorSource] {
    var found: [any TensorSource] = []
    var names: Set<String> = []
    var open: [(name: String, value: PickleValue, depth: Int)] = [("", model, 0)]
    while let (name, value, depth) = open.popLast() {
      if let tensor = value.tensor {
        guard names.insert(name).inserted else { throw .metadataNamesTwice(name, file: file) }
        if name.hasSuffix("_extra_state") { continue }
        found.append(try TorchSource(tensor, named: name, in: archive))
      } else if value.isDictionary, depth < 16 {
        for (key, inner) in value.entries ?? [] {
          guard let key = key.string else { continue }
          open.append((name.isEmpty ? key : "\(name).\(key)", inner, depth + 1))
        }
      }
      guard names.count <= 1_000_000, open.count <= 1_000_000 else {
        throw .megatronRefused("of more than a million tensors", file: file)
      }
    }
    return found
  }
}
