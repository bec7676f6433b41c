public import Checkpoint
public import Diagnostics
import FileIO
import GGUF
import StrictJSON

/// What an output's own graft.json says, held against the files that are there; for a single file,
/// the record beside it, `FILE.graft.json`.
///
/// Every output has the size and hash that was recorded, every tensor has a recorded origin, and
/// nothing is in a directory that was not made then. Inputs that are still where they were are hashed too.
public struct ProvenanceProof: Sendable {
  /// How a recorded file is now.
  public enum State: String, Sendable {
    /// The recorded size and hash.
    case unchanged
    /// Another size or hash.
    case changed
    /// Not there.
    case gone
  }

  /// A recorded file.
  public struct File: Sendable {
    /// The path.
    public var path: String
    /// What was recorded.
    public var recorded: FileRecord
    /// How it is now.
    public var state: State
  }

  /// The directory or the file.
  public let path: String
  /// The command that made it.
  public let command: String
  /// When, in UTC.
  public let created: String
  /// What was written.
  public private(set) var outputs: [File] = []
  /// What was read.
  public private(set) var inputs: [File] = []
  /// How many tensors have a recorded origin.
  public private(set) var originCount = 0
  /// What does not hold, and what is worth knowing.
  public private(set) var findings: [Finding] = []

  /// Whether all outputs are as they were made.
  public var holds: Bool { !findings.contains { $0.severity == .problem } }

  /// Checks a directory, or a file with a record beside it.
  ///
  /// - Throws: ``GraftError`` if there is no record, or it or a weight file cannot be read.
  public init(_ path: String) throws(GraftError) {
    self.path = path
    let isFile = fileExists(path)
    let file = isFile ? "\(path).\(Provenance.fileName)" : "\(path)/\(Provenance.fileName)"
    guard fileExists(file) else { throw .noProvenance(path, record: splitPath(file).name) }
    let record = try JSONValue.parse(try readFile(file), file: file)
    guard record["graft"] != nil, let made = record["outputs"]?.array,
      let command = record["command"]?.string
    else { throw .notProvenance(file) }
    self.command = command
    created = record["created"]?.string ?? ""
    outputs = try Self.files(made, in: isFile ? splitPath(path).parent : path, file)
    guard !isFile || outputs.map(\.path) == [path] else { throw .notProvenance(file) }
    for input in record["inputs"]?.array ?? [] {
      guard let path = input["path"]?.string else { throw .notProvenance(file) }
      let isDirectory = !fileExists(path)
      inputs += try Self.files(
        input["files"]?.array ?? [], in: isDirectory ? path : splitPath(path).parent, file)
    }
    try hash()
    judgeFiles()
    if !isFile { judgeFurtherFiles() }
    if let ledger = record["ledger"]?["tensors"]?.object { try judgeTensors(ledger) }
  }

  private static func files(
    _ records: [JSONValue], in directory: String, _ file: String
  ) throws(GraftError) -> [File] {
    var out: [File] = []
    for record in records {
      guard let name = record["name"]?.string, let size = record["bytes"]?.int,
        let hash = record["sha256"]?.string, !name.contains("/"), name != ".."
      else { throw .notProvenance(file) }
      out.append(
        File(
          path: "\(directory)/\(name)",
          recorded: FileRecord(name: name, seal: .init(byteCount: size, sha256: hash)),
          state: .gone))
    }
    return out
  }

  private mutating func hash() throws(GraftError) {
    let present = [outputs, inputs].map { $0.map(\.path).filter(fileExists) }
    let hashing = FileHashing(present[0], present[1])
    let threads = Threads()
    hashing.release()
    try hashing.start(on: threads)
    threads.join()
    let found = try [hashing.seals(0), hashing.seals(1)]
    func state(_ file: File, _ side: Int) -> State {
      guard let seal = found[side][file.path] else { return .gone }
      return seal == file.recorded.seal ? .unchanged : .changed
    }
    for i in outputs.indices { outputs[i].state = state(outputs[i], 0) }
    for i in inputs.indices { inputs[i].state = state(inputs[i], 1) }
  }

  private mutating func judgeFiles() {
    for file in outputs where file.state != .unchanged {
      findings.append(
        Finding(
          .problem, file.state == .gone ? .outputGone(file.path) : .outputChanged(file.path)))
    }
    for file in inputs where file.state == .changed {
      findings.append(Finding(.warning, .inputChanged(file.path)))
    }
    let gone = inputs.filter { $0.state == .gone }
    if let first = gone.first {
      findings.append(Finding(.note, .inputsGone(gone.count, first.path)))
    }
  }

  private mutating func judgeFurtherFiles() {
    let listed = Set(outputs.map(\.recorded.name))
    for name in (try? directoryEntries(path)) ?? []
    where !listed.contains(name) && name != Provenance.fileName {
      let isWeights = name.hasSuffix(".safetensors") || name.hasSuffix(".bin")
      findings.append(
        Finding(isWeights ? .problem : .note, .outputNotListed("\(path)/\(name)")))
    }
  }

  /// The names of the tensors that are there; nil where there are none, or not all files are.
  private func tensorNames() throws(GraftError) -> [String]? {
    guard outputs.allSatisfy({ $0.state != .gone }) else { return nil }
    if fileExists(path) {
      return GGUFFile.isGGUF(path) ? try GGUFFile(path).tensors.map(\.name) : nil
    }
    let names = outputs.map(\.recorded.name)
    let stem = ["model", "adapter_model"].first { stem in
      names.contains { $0.hasPrefix(stem) && $0.hasSuffix(".safetensors") }
    }
    guard let stem else { return nil }
    return try TensorStore(directory: path, name: stem).names
  }

  /// Every tensor has an origin, every origin a tensor, and each origin lies in an input.
  private mutating func judgeTensors(_ ledger: JSONObject) throws(GraftError) {
    originCount = ledger.count
    guard let names = try tensorNames() else { return }
    for name in names where ledger[name] == nil {
      findings.append(Finding(.problem, .tensorWithoutOrigin(name, file: path)))
    }
    let present = Set(names)
    let known = Set(inputs.map(\.path))
    for (name, entry) in ledger {
      if !present.contains(name) {
        findings.append(Finding(.problem, .originWithoutTensor(name, file: path)))
      }
      for reference in entry["from"]?.array ?? [] {
        guard let text = reference.string, !known.contains(where: { text.hasPrefix($0 + ": ") })
        else { continue }
        findings.append(Finding(.warning, .originNotAnInput(text, tensor: name, file: path)))
      }
    }
  }
}
