public import Diagnostics
public import FileIO
import Safetensors
import TensorCore

/// Streams planned tensors into the weight files of an output directory.
///
/// Rows are made in blocks on all cores, written in order, and hashed, all at the same time;
/// memory does not grow with the model. The bytes do not depend on the number of threads.
///
/// - Parameters:
///   - tensors: what to write, in the order of the files.
///   - directory: the directory that is being made.
///   - stem: the name of the files, "model" or "adapter_model".
///   - shardByteLimit: the size above which another file is begun; one tensor is never split.
///   - inputs: files to hash on the way, best in the order in which they are read.
///   - progress: called with the bytes written so far and in all.
/// - Returns: name, size and hash of each file.
/// - Throws: ``GraftError`` of a producer or of the file system.
public func writeTensors(
  _ tensors: [PlannedTensor], to directory: OutputDirectory, stem: String = "model",
  shardByteLimit: Int = 5_000_000_000, hashing inputs: InputHashes? = nil,
  progress: (Int, Int) -> Void = { _, _ in }
) throws(GraftError) -> [FileRecord] {
  let plan = ShardPlan(tensors.map(\.spec), byteLimit: shardByteLimit, stem: stem)
  let byName = Dictionary(tensors.map { ($0.spec.name, $0) }) { first, _ in first }
  var files: [BlockPipeline.File] = []
  for shard in plan.shards {
    let path = directory.file(shard.fileName)
    files.append(
      BlockPipeline.File(
        path: path, header: try SafetensorsWriter.header(for: shard.tensors, file: path).bytes,
        tensors: shard.tensors.compactMap { byName[$0.name] }))
  }
  let seals = try BlockPipeline(files).run(hashing: inputs, progress: progress)
  var records = zip(plan.shards, seals).map { FileRecord(name: $0.fileName, seal: $1) }
  if let index = plan.indexText, let name = plan.indexFileName {
    records.append(FileRecord(name: name, seal: try directory.write(index, to: name)))
  }
  return records
}

/// A file that was written or read: its name, size and hash.
public struct FileRecord: Sendable, Hashable {
  /// The name within its directory.
  public var name: String
  /// The size and hash.
  public var seal: OutputFile.Seal

  /// Records a file.
  public init(name: String, seal: OutputFile.Seal) {
    self.name = name
    self.seal = seal
  }
}

extension OutputDirectory {
  /// Writes a small text file into the directory that is being made.
  @discardableResult
  public func write(_ text: String, to name: String) throws(GraftError) -> OutputFile.Seal {
    let file = try OutputFile(self.file(name))
    try file.write(text)
    return try file.close()
  }

  /// Copies a file into the directory that is being made, byte for byte.
  public func copy(_ path: String, to name: String) throws(GraftError) -> FileRecord {
    let source = try MappedFile(path)
    try makeDirectories(splitPath(self.file(name)).parent)
    let file = try OutputFile(self.file(name))
    try source.withBytes(0..<source.byteCount) { (bytes) throws(GraftError) in
      try file.write(bytes)
    }
    return FileRecord(name: name, seal: try file.close())
  }
}
