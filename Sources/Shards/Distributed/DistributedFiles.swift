import Checkpoint
import Diagnostics
import FileIO
import TensorCore
import TorchArchive

/// The `.distcp` files of a directory, each opened once, and which of their bytes have been
/// claimed.
struct DistributedFiles {
  let directory: String
  private var open: [String: MappedFile] = [:]
  private var claims: [String: [(range: Range<Int>, name: String)]] = [:]

  init(_ directory: String) { self.directory = directory }

  /// Opens the file that a place lies in, which must be long enough, and counts the place's bytes.
  mutating func claim(
    _ place: DistributedMetadata.Place, for name: String, metadata: String
  ) throws(GraftError) {
    let path = "\(directory)/\(place.file)"
    let file: MappedFile
    if let known = open[place.file] {
      file = known
    } else {
      guard fileExists(path) else {
        throw .shardFileMissing(path, tensor: name, metadata: metadata)
      }
      file = try MappedFile(path)
      open[place.file] = file
    }
    guard place.range.upperBound <= file.byteCount else {
      throw .shardTruncated(
        path, size: file.byteCount, end: place.range.upperBound, tensor: name)
    }
    if !place.range.isEmpty { claims[place.file, default: []].append((place.range, name)) }
  }

  /// The block at a place that has been claimed, as a tensor.
  func tensor(
    named name: String, at place: DistributedMetadata.Place
  ) throws(GraftError) -> any TensorSource {
    guard let file = open[place.file] else {
      throw .system("opening", "\(directory)/\(place.file)", errno: 2)
    }
    guard place.transforms.isEmpty else {
      throw .transformedBytes(name, place.transforms, file: file.path)
    }
    guard !place.range.isEmpty else {
      throw .chunkNoTensor(name, found: "nothing", file: file.path)
    }
    let archive = try TorchFile(file, in: place.range)
    guard let tensor = archive.root.tensor else {
      throw .chunkNoTensor(name, found: archive.root.kindName, file: file.path)
    }
    return try TorchSource(tensor, named: name, in: archive)
  }

  /// A file's bytes: those that a block or an object lies in, and all.
  struct Account: Sendable {
    var path: String
    var claimed: Int
    var total: Int
  }

  /// The bytes of each file.
  ///
  /// - Throws: ``GraftError`` if two claims have a byte in common.
  func accounts() throws(GraftError) -> [Account] {
    var result: [Account] = []
    for (name, file) in open.sorted(by: { $0.key < $1.key }) {
      let sorted = (claims[name] ?? []).sorted { $0.range.lowerBound < $1.range.lowerBound }
      for (a, b) in zip(sorted, sorted.dropFirst()) where a.range.upperBound > b.range.lowerBound {
        throw .shardRangesOverlap(file.path, a.name, b.name, at: b.range.lowerBound)
      }
      let claimed = sorted.reduce(0) { $0 + $1.range.count }
      result.append(Account(path: file.path, claimed: claimed, total: file.byteCount))
    }
    return result
  }
}
