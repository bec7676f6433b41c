public import Diagnostics
import Dispatch
public import FileIO
import Glibc
import Safetensors
import Synchronization
import TensorCore

/// Streams planned tensors into the weight files of an output directory.
///
/// Rows are made in blocks on all cores and written in order, so memory does not grow with the
/// model.
///
/// - Parameters:
///   - tensors: what to write, in the order of the files.
///   - directory: the directory that is being made.
///   - stem: the name of the files, "model" or "adapter_model".
///   - shardByteLimit: the size above which another file is begun; one tensor is never split.
///   - progress: called with the bytes written so far and in all.
/// - Returns: name, size and hash of each file.
/// - Throws: ``GraftError`` of a producer or of the file system.
public func writeTensors(
  _ tensors: [PlannedTensor], to directory: OutputDirectory, stem: String = "model",
  shardByteLimit: Int = 5_000_000_000, progress: (Int, Int) -> Void = { _, _ in }
) throws(GraftError) -> [FileRecord] {
  let plan = ShardPlan(tensors.map(\.spec), byteLimit: shardByteLimit, stem: stem)
  let byName = Dictionary(tensors.map { ($0.spec.name, $0) }) { first, _ in first }
  let total = tensors.reduce(0) { $0 + $1.spec.byteCount }
  var blocks = BlockBuffers()
  var records: [FileRecord] = []
  var done = 0
  for shard in plan.shards {
    let writer = try SafetensorsWriter(directory.file(shard.fileName), tensors: shard.tensors)
    for spec in shard.tensors {
      guard let tensor = byName[spec.name] else { continue }
      try blocks.forEachBlock(of: tensor) { (bytes) throws(GraftError) in
        try writer.append(bytes)
        done += bytes.count
        progress(done, total)
      }
    }
    records.append(FileRecord(name: shard.fileName, seal: try writer.close()))
  }
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

/// One buffer per core, reused for every block.
private struct BlockBuffers {
  private static let blockBytes = 2 << 20
  private var lanes: [Lane] = []

  mutating func forEachBlock(
    of tensor: PlannedTensor, _ body: (UnsafeRawBufferPointer) throws(GraftError) -> Void
  ) throws(GraftError) {
    let blocks = rowBlocks(of: tensor.spec, byteLimit: Self.blockBytes)
    let rowBytes = tensor.spec.byteCount / max(1, tensor.spec.rowCount)
    let capacity = max(Self.blockBytes, rowBytes)
    if (lanes.first?.bytes.count ?? 0) < capacity {
      let cores = max(1, min(8, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
      lanes = (0..<cores).map { _ in Lane(byteCount: capacity) }
    }
    for start in stride(from: 0, to: blocks.count, by: lanes.count) {
      let batch = Array(blocks[start..<min(start + lanes.count, blocks.count)])
      try fill(batch, rowBytes: rowBytes, tensor)
      for (lane, rows) in zip(lanes, batch) {
        try body(UnsafeRawBufferPointer(rebasing: lane.bytes[0..<rows.count * rowBytes]))
      }
    }
  }

  private func fill(
    _ batch: [Range<Int>], rowBytes: Int, _ tensor: PlannedTensor
  ) throws(GraftError) {
    let failure = Mutex<GraftError?>(nil)
    DispatchQueue.concurrentPerform(iterations: batch.count) { [lanes] i in
      let room = UnsafeMutableRawBufferPointer(
        rebasing: lanes[i].bytes[0..<batch[i].count * rowBytes])
      do throws(GraftError) {
        try tensor.produce(batch[i], room)
      } catch {
        failure.withLock { $0 = $0 ?? error }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }

  /// Memory for one block; each is written by one thread at a time.
  private final class Lane: @unchecked Sendable {
    let bytes: UnsafeMutableRawBufferPointer

    init(byteCount: Int) {
      bytes = .allocate(byteCount: byteCount, alignment: 64)
    }

    deinit { bytes.deallocate() }
  }
}
