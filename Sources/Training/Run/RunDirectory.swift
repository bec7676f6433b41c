import Diagnostics
import FileIO
import Glibc

/// The output directory of a run: whole checkpoints `checkpoint-N`, and the results.
struct RunDirectory {
  /// The directory's path.
  let path: String
  /// The checkpoint that the run goes on from, or nil for a run from the beginning.
  let resumed: String?

  /// Whether an earlier run is complete.
  let isFinished: Bool

  /// The file that makes a directory an adapter; written last.
  static let marker = "adapter_config.json"

  /// Looks at the output directory, and decides where the run begins. Changes nothing yet.
  ///
  /// - Throws: ``GraftError`` if it holds a finished run that may not be overwritten, if it is an
  ///   input, or if the checkpoint that was asked for is not there.
  init(_ config: TrainingConfig) throws(GraftError) {
    path = config.outputDirectory
    for input in [config.model, config.adapter, config.datasetDirectory].compactMap({ $0 }) {
      if let output = resolvedPath(path), output == resolvedPath(input) {
        throw .outputIsInput(path, input: input)
      }
    }
    let checkpoints = try Self.checkpoints(in: path)
    isFinished = fileExists("\(path)/\(Self.marker)")
    switch config.resume {
    case .checkpoint(let checkpoint):
      guard fileExists("\(checkpoint)/\(TrainingCheckpoint.stateFile)") else {
        throw .noCheckpoint(checkpoint)
      }
      resumed = checkpoint
    case .lastCheckpoint:
      guard let last = checkpoints.last else { throw .noCheckpoint(path) }
      resumed = last
    case .automatic where !config.overwritesOutput:
      guard !isFinished else { throw .runFinished(path) }
      resumed = checkpoints.last
    case .automatic, .never:
      guard config.overwritesOutput || (!isFinished && checkpoints.isEmpty) else {
        throw .runFinished(path)
      }
      resumed = nil
    }
  }

  /// Creates the directory; for a run from the beginning, removes what an earlier run left.
  func prepare() throws(GraftError) {
    try makeDirectories(path)
    guard resumed == nil else { return }
    for name in [Self.marker, "adapter_model.safetensors", "graft.json"] + RunFile.results {
      removeTree("\(path)/\(name)")
    }
    for checkpoint in try Self.checkpoints(in: path) { removeTree(checkpoint) }
  }

  /// The path of the checkpoint after `step`.
  func checkpoint(_ step: Int) -> String { "\(path)/checkpoint-\(step)" }

  /// Removes the oldest checkpoints, so that `limit` are left.
  func prune(keeping limit: Int) throws(GraftError) {
    for checkpoint in try Self.checkpoints(in: path).dropLast(limit) { removeTree(checkpoint) }
  }

  /// Moves the files of a finished adapter into the directory, ``marker`` last: a directory that
  /// has it has everything.
  func install(_ staged: OutputDirectory) throws(GraftError) {
    let names = try directoryEntries(staged.stagingPath)
    unlink("\(path)/\(Self.marker)")
    for name in names.filter({ $0 != Self.marker }) + [Self.marker] {
      let target = "\(path)/\(name)"
      guard rename(staged.file(name), target) == 0 else {
        throw .system("renaming the finished file", target, errno: errno)
      }
    }
  }

  /// The checkpoints that can be resumed, oldest first.
  static func checkpoints(in path: String) throws(GraftError) -> [String] {
    guard directoryExists(path) else { return [] }
    let prefix = "checkpoint-"
    var found: [(step: Int, path: String)] = []
    for name in try directoryEntries(path) where name.hasPrefix(prefix) {
      guard let step = Int(name.dropFirst(prefix.count)) else { continue }
      found.append((step, "\(path)/\(name)"))
    }
    return found.sorted { $0.step < $1.step }.map(\.path)
  }
}

/// Names of the files that hold a run's results.
enum RunFile {
  static let trainResults = "train_results.json"
  static let evalResults = "eval_results.json"
  static let allResults = "all_results.json"
  static let results = [trainResults, evalResults, allResults, TrainingLog.fileName]
}
