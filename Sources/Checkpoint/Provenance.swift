public import Diagnostics
public import FileIO
import Glibc
public import StrictJSON

/// What made an output: saved beside it as graft.json, so that it can be made and checked again.
///
/// Layout (`"graft": 1`):
/// - `command`: the command, `settings`: its options, `created`: the time in UTC
/// - `inputs`: a list of `{path, files: [{name, bytes, sha256}]}`
/// - `outputs`: a list of `{name, bytes, sha256}`
/// - `ledger`: each tensor's origin and what was dropped, see ``Ledger/json``
public struct Provenance: Sendable {
  /// The file's name in an output directory.
  public static let fileName = "graft.json"
  /// The version of this tool.
  public static let toolVersion = "0.1.0"

  /// The command that ran, as in "merge".
  public var command: String
  /// The options that shaped the result.
  public var settings: JSONObject
  /// The inputs: a path, and the files that were read there.
  public var inputs: [(path: String, files: [FileRecord])]
  /// The account of tensors, if the command had one.
  public var ledger: Ledger?

  /// Begins a record.
  public init(
    command: String, settings: JSONObject = JSONObject(),
    inputs: [(path: String, files: [FileRecord])], ledger: Ledger? = nil
  ) {
    self.command = command
    self.settings = settings
    self.inputs = inputs
    self.ledger = ledger
  }

  /// Hashes files of an input directory, or an input file itself.
  ///
  /// - Parameters:
  ///   - path: the directory or file.
  ///   - names: the files within the directory that count; those that are not there are skipped.
  ///   - hashes: what was hashed already, by the path `directory/name`.
  public static func input(
    _ path: String, files names: [String] = [], hashes: InputHashes = InputHashes([])
  ) throws(GraftError) -> (path: String, files: [FileRecord]) {
    var records: [FileRecord] = []
    let files =
      directoryExists(path)
      ? names.map { (name: $0, file: "\(path)/\($0)") }
      : [(name: splitPath(path).name, file: path)]
    for (name, file) in files where fileExists(file) {
      records.append(FileRecord(name: name, seal: try hashes.seal(of: file)))
    }
    return (path, records)
  }

  /// The hashes of all files that `command` read to make a directory, by the word of its
  /// graft.json; empty where there is none, or another command made it.
  public static func inputHashes(
    of directory: String, madeBy command: String
  ) throws(GraftError) -> Set<String> {
    let file = "\(directory)/\(fileName)"
    guard fileExists(file) else { return [] }
    let record = try JSONValue.parse(try readFile(file), file: file)
    guard record["command"]?.string == command else { return [] }
    let files = (record["inputs"]?.array ?? []).flatMap { $0["files"]?.array ?? [] }
    return Set(files.compactMap { $0["sha256"]?.string })
  }

  /// Writes graft.json into a directory that is being made; the last file before it is committed.
  public func seal(_ outputs: [FileRecord], in directory: OutputDirectory) throws(GraftError) {
    try directory.write(
      json(outputs: outputs).text(.pretty) + "\n", to: Self.fileName)
  }

  /// Writes the record of a single output file beside it, as `FILE.graft.json`.
  ///
  /// - Returns: what was written.
  public func seal(_ output: FileRecord, besideFile path: String) throws(GraftError) -> FileRecord {
    let name = "\(output.name).\(Self.fileName)"
    let text = json(outputs: [output]).text(.pretty) + "\n"
    return FileRecord(
      name: name, seal: try writeFileAtomically("\(splitPath(path).parent)/\(name)", text))
  }

  private func json(outputs: [FileRecord]) -> JSONValue {
    var object = JSONObject()
    object["graft"] = 1
    object["tool_version"] = .string(Self.toolVersion)
    object["command"] = .string(command)
    object["created"] = .string(Self.now())
    object["settings"] = .object(settings)
    object["inputs"] = .array(
      inputs.map { ["path": .string($0.path), "files": .array($0.files.map(\.json))] })
    object["outputs"] = .array(outputs.map(\.json))
    if let ledger { object["ledger"] = ledger.json }
    return .object(object)
  }

  private static func now() -> String {
    var seconds = time(nil)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    func pad(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
    return "\(parts.tm_year + 1900)-\(pad(parts.tm_mon + 1))-\(pad(parts.tm_mday))"
      + "T\(pad(parts.tm_hour)):\(pad(parts.tm_min)):\(pad(parts.tm_sec))Z"
  }
}

extension FileRecord {
  /// `{name, bytes, sha256}`
  var json: JSONValue {
    [
      "name": .string(name), "bytes": JSONValue(seal.byteCount), "sha256": .string(seal.sha256),
    ]
  }
}
