public import Checkpoint
public import Diagnostics
import FileIO
public import StrictJSON
import TensorCore

extension Gathering {
  /// What was written.
  public struct Result: Sendable {
    /// The directory.
    public var directory: String
    /// Its files.
    public var files: [FileRecord]
    /// Tensors that were left out, with the reasons.
    public var dropped: [(tensor: String, reason: String)]
  }

  /// Writes the directory; it appears whole or not at all.
  ///
  /// - Parameters:
  ///   - path: where to write.
  ///   - replacing: whether an existing directory may be replaced.
  ///   - progress: called with the bytes written so far and in all.
  public func write(
    to path: String, replacing: Bool = false, progress: (Int, Int) -> Void = { _, _ in }
  ) throws(GraftError) -> Result {
    let ledger = try ledger()
    var main: [PlannedTensor] = []
    var beside: [PlannedTensor] = []
    for entry in entries {
      let planned = try PlannedTensor(
        copying: entry.source, as: entry.name, dtype: written(entry.source))
      if entry.isBeside { beside.append(planned) } else { main.append(planned) }
    }
    let inputs = [self.path, checkpoint.layout.directory, options.base, options.config]
    let output = try OutputDirectory(
      path, replacing: replacing, inputs: inputs.compactMap(\.self))
    var files = try writeTensors(
      main, to: output, stem: isAdapter ? "adapter_model" : "model",
      shardByteLimit: isAdapter ? .max : options.shardByteLimit, progress: progress)
    if !beside.isEmpty { files += try writeTensors(beside, to: output, stem: "value_head") }
    switch config {
    case .copied(let file, let name): files.append(try output.copy(file, to: name))
    case .made(let members, let name):
      let text = JSONValue.object(members).text(.prettySorted) + "\n"
      files.append(FileRecord(name: name, seal: try output.write(text, to: name)))
    case nil: break
    }
    if let side = sideDirectory {
      for name in try SideFiles.names(in: side) {
        files.append(try output.copy("\(side)/\(name)", to: name))
      }
    }
    try Provenance(
      command: "gather", settings: settings, inputs: try provenanceInputs(), ledger: ledger
    ).seal(files, in: output)
    try output.commit()
    return Result(
      directory: output.path, files: files,
      dropped: dropped.map { ($0.source.spec.name, $0.reason) })
  }

  /// The options, what was found, and the account of every file.
  private var settings: JSONObject {
    var settings = JSONObject()
    settings["format"] = .string(checkpoint.format)
    settings["weights"] = .string(options.weights.rawValue)
    settings["dtype"] = options.dtype.map { .string($0.torchName) } ?? .null
    settings["step"] = checkpoint.step.map { JSONValue($0) } ?? .null
    settings["world_size"] = checkpoint.worldSize.map { JSONValue($0) } ?? .null
    settings["shards"] = .array(checkpoint.files.map { .string($0) })
    settings["accounts"] = .array(checkpoint.accounts.map(\.json))
    return settings
  }

  /// The small files that were read; shards are named in the settings, and not hashed, because most
  /// of their bytes are the optimiser's and are never read.
  private func provenanceInputs() throws(GraftError) -> [(path: String, files: [FileRecord])] {
    var inputs: [(path: String, files: [FileRecord])] = []
    if let saved {
      let names = saved.store.files.map { splitPath($0).name } + ["adapter_config.json"]
      inputs.append(try Provenance.input(path, files: names))
    }
    if let side = sideDirectory, side != options.base, side != path || saved == nil {
      inputs.append(
        try Provenance.input(side, files: ["config.json", "adapter_config.json", "tokenizer.json"]))
    }
    if let base = options.base {
      let used = Set(entries.flatMap { Ledger.Reference.all(of: $0.source) }.map(\.file))
      let names = try directoryEntries(base).filter { used.contains("\(base)/\($0)") }
      inputs.append(try Provenance.input(base, files: ["config.json", "tokenizer.json"] + names))
    }
    return inputs
  }
}

extension ShardAccount {
  /// `{file, rank, part, expected, read, padding, stored}`
  public var json: JSONValue {
    [
      "file": .string(file), "rank": JSONValue(rank), "part": .string(part),
      "expected": JSONValue(expected), "read": JSONValue(read), "padding": JSONValue(padding),
      "stored": JSONValue(stored),
    ]
  }
}
