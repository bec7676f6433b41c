public import Checkpoint
import Diagnostics
import FileIO
import StrictJSON
import TensorCore

/// A directory that is written with another head: the tensors of its weights, those of a file
/// beside them, and its configuration.
struct HeadEdit {
  let source: HeadedDirectory
  var members: JSONObject
  private var weights: [(name: String, source: any TensorSource, dtype: DType)] = []
  private var beside: [(name: String, source: any TensorSource, dtype: DType)] = []
  private var origins: [(name: String, origin: Ledger.Origin, source: any TensorSource)] = []
  private var dropped: [(source: any TensorSource, reason: String)] = []
  private(set) var notes: [String] = []
  /// Whether value_head.safetensors stays as it is.
  var keepsHeadFile = true

  init(_ source: HeadedDirectory) {
    self.source = source
    members = source.config.json
  }

  /// Puts a tensor into the weights, or into the file beside them.
  mutating func put(
    _ tensor: any TensorSource, as name: String, how: String = "copied", dtype: DType? = nil,
    beside isBeside: Bool = false
  ) {
    let entry = (name: name, source: tensor, dtype: dtype ?? tensor.spec.dtype)
    if isBeside { beside.append(entry) } else { weights.append(entry) }
    let references = Ledger.Reference.all(of: tensor)
    let origin: Ledger.Origin =
      references.count == 1
      ? .tensor(references[0], how: how) : .computed(references, how: how)
    origins.append((name, origin, tensor))
  }

  /// Puts a tensor that no file holds.
  mutating func create(
    _ tensor: any TensorSource, as name: String, how: String, dtype: DType? = nil,
    beside isBeside: Bool = false
  ) {
    put(tensor, as: name, dtype: dtype, beside: isBeside)
    origins[origins.count - 1].origin = .created(how: how)
  }

  /// Leaves a tensor out.
  mutating func drop(_ tensor: any TensorSource, _ reason: String) {
    dropped.append((tensor, reason))
  }

  /// Says something to the user.
  mutating func note(_ text: String) { notes.append(text) }

  /// The checked account: every tensor of the input has a fate, every tensor of the output one
  /// origin.
  func ledger() throws(GraftError) -> Ledger {
    var ledger = Ledger(
      expecting: (weights + beside).map { entry in
        ExpectedTensor(name: entry.name, shape: entry.source.spec.shape, kind: .linear)
      })
    for tensor in source.store.inFileOrder { ledger.read(tensor) }
    if !keepsHeadFile {
      for head in source.search.heads where head.isBeside {
        for tensor in head.tensors { ledger.read(tensor) }
      }
    }
    for (name, origin, _) in origins { try ledger.assign(name, from: origin) }
    for (tensor, reason) in dropped {
      for reference in Ledger.Reference.all(of: tensor) {
        ledger.settle(reference, .dropped(reason: reason))
      }
    }
    try ledger.check(place: source.path)
    return ledger
  }

  /// Writes the directory; it appears whole or not at all.
  func write(
    to path: String, command: String, settings: JSONObject, others: [String], replacing: Bool,
    shardByteLimit: Int, progress: (Int, Int) -> Void
  ) throws(GraftError) -> HeadEditSummary {
    let ledger = try ledger()
    let output = try OutputDirectory(path, replacing: replacing, inputs: [source.path] + others)
    let stem = source.isAdapter ? "adapter_model" : "model"
    let hashes = InputHashes(source.store.files)
    var files = try writeTensors(
      Self.planned(weights), to: output, stem: stem, shardByteLimit: shardByteLimit,
      hashing: hashes, progress: progress)
    if !beside.isEmpty {
      files += try writeTensors(Self.planned(beside), to: output, stem: "value_head")
    }
    let name = splitPath(source.config.file).name
    let text = JSONValue.object(members).text(.prettySorted) + "\n"
    files.append(FileRecord(name: name, seal: try output.write(text, to: name)))
    for name in try source.sideFiles(carryingHeadFile: keepsHeadFile) {
      files.append(try output.copy("\(source.path)/\(name)", to: name))
    }
    var inputs = [try record(of: source.path, hashes)]
    for other in others { inputs.append(try record(of: other, hashes)) }
    let provenance = Provenance(
      command: command, settings: settings, inputs: inputs, ledger: ledger)
    try provenance.seal(files, in: output)
    try output.commit()
    return HeadEditSummary(
      output: output.path, files: files, tensorCount: weights.count + beside.count,
      dropped: ledger.dropped.map { ($0.tensor.description, $0.reason) }, notes: notes)
  }

  private static func planned(
    _ entries: [(name: String, source: any TensorSource, dtype: DType)]
  ) throws(GraftError) -> [PlannedTensor] {
    var out: [PlannedTensor] = []
    for entry in entries {
      out.append(try PlannedTensor(copying: entry.source, as: entry.name, dtype: entry.dtype))
    }
    return out
  }

  private func record(
    of path: String, _ hashes: InputHashes
  ) throws(GraftError) -> (path: String, files: [FileRecord]) {
    let names = try directoryEntries(path).filter {
      $0.hasSuffix(".safetensors") || $0.hasSuffix(".bin") || $0 == "config.json"
        || $0 == "adapter_config.json"
    }
    return try Provenance.input(path, files: names, hashes: hashes)
  }
}

/// What a change of a head wrote.
public struct HeadEditSummary: Sendable {
  /// The directory.
  public var output: String
  /// Its files.
  public var files: [FileRecord]
  /// The number of tensors written.
  public var tensorCount: Int
  /// What was left out, and why.
  public var dropped: [(tensor: String, reason: String)]
  /// What is worth knowing.
  public var notes: [String]
}
