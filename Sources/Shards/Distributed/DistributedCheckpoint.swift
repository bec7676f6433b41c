import Checkpoint
import Diagnostics
import FileIO
import TensorCore

/// A checkpoint of torch.distributed.checkpoint: `.metadata` and the `.distcp` files of its ranks.
///
/// Opening checks everything that can be checked without reading weights: every block is listed,
/// is where the metadata puts it, and has the type and shape that it should; blocks cover each
/// weight exactly once; no byte belongs to two of them.
struct DistributedCheckpoint {
  /// The directory.
  let directory: String
  /// The weights, by their names in the model.
  let weights: [ChunkedSource]
  /// The tensors of an optimiser, or of the run, that are left out.
  let states: [TensorSpec]
  /// What is no tensor.
  let objects: [String]
  /// The bytes of each file.
  let files: [DistributedFiles.Account]
  /// What is odd, but harmless.
  let findings: [Finding]

  /// The metadata files of a directory: one, or one of each rank; empty where there are none.
  static func metadataFiles(in directory: String) throws(GraftError) -> [String] {
    if fileExists("\(directory)/.metadata") { return ["\(directory)/.metadata"] }
    var ranks: [(Int, String)] = []
    for name in try directoryEntries(directory) {
      guard name.hasPrefix("__"), name.hasSuffix(".metadata"),
        let rank = Int(name.dropFirst(2).dropLast(".metadata".count))
      else { continue }
      ranks.append((rank, "\(directory)/\(name)"))
    }
    return ranks.sorted { $0.0 < $1.0 }.map(\.1)
  }

  /// Opens a directory that has metadata.
  init(_ directory: String) throws(GraftError) {
    self.directory = directory
    var parts: [DistributedMetadata] = []
    for file in try Self.metadataFiles(in: directory) {
      parts.append(try DistributedMetadata(file))
    }
    guard let first = parts.first else {
      throw .system("opening", "\(directory)/.metadata", errno: 2)
    }
    // All of it, weights or not, so that a file that was cut is found in any case.
    var files = DistributedFiles(directory)
    for part in parts {
      for (key, place) in part.places.sorted(by: { $0.value < $1.value }) {
        try files.claim(place, for: key.name, metadata: part.file)
      }
    }
    self.files = try files.accounts()
    var weights: [ChunkedSource] = []
    var states: [TensorSpec] = []
    for tensor in try Self.tensors(of: parts) {
      guard case .weight(let name) = StatePath(tensor.path) else {
        states.append(tensor.spec)
        continue
      }
      guard !name.hasSuffix("flat_param"), !name.contains("_flat_param") else {
        throw .flatParameters(name, file: first.file)
      }
      let spec = TensorSpec(name: name, dtype: tensor.spec.dtype, shape: tensor.spec.shape)
      var chunks: [ChunkedSource.Chunk] = []
      for box in tensor.boxes where !box.isEmpty {
        guard let place = Self.place(of: box, named: tensor.spec.name, in: parts) else {
          throw .chunkMissing(box, of: spec, file: first.file)
        }
        let source = try files.tensor(named: name, at: place)
        chunks.append(ChunkedSource.Chunk(box: box, source: source))
      }
      weights.append(try ChunkedSource(spec, chunks: chunks, place: first.file))
    }
    self.weights = weights
    self.states = states
    objects = Array(Set(parts.flatMap(\.objects))).sorted()
    findings = try Self.findings(directory, self.files)
  }

  /// Where a block lies; a scalar's may be listed without offsets.
  private static func place(
    of box: Box, named name: String, in parts: [DistributedMetadata]
  ) -> DistributedMetadata.Place? {
    for part in parts {
      let exact = part.places[DistributedMetadata.Key(name: name, offsets: box.offsets)]
      if let place = exact { return place }
      guard box.offsets.allSatisfy({ $0 == 0 }) else { continue }
      let bare = part.places[DistributedMetadata.Key(name: name, offsets: nil)]
      if let place = bare { return place }
    }
    return nil
  }

  /// The tensors of all ranks' metadata; each block once, as several may list it.
  private static func tensors(
    of parts: [DistributedMetadata]
  ) throws(GraftError) -> [DistributedMetadata.Tensor] {
    var tensors: [DistributedMetadata.Tensor] = []
    var places: [String: Int] = [:]
    for part in parts {
      for tensor in part.tensors {
        guard let place = places[tensor.spec.name] else {
          places[tensor.spec.name] = tensors.count
          tensors.append(tensor)
          continue
        }
        guard tensors[place].spec == tensor.spec else {
          throw .metadataDiffers(tensor.spec.name, parts[0].file, part.file)
        }
        tensors[place].boxes += tensor.boxes
      }
    }
    for i in tensors.indices {
      var seen: Set<Box> = []
      tensors[i].boxes.removeAll { !seen.insert($0).inserted }
    }
    return tensors
  }

  private static func findings(
    _ directory: String, _ accounts: [DistributedFiles.Account]
  ) throws(GraftError) -> [Finding] {
    var findings: [Finding] = []
    for account in accounts where account.claimed < account.total {
      findings.append(
        Finding(.warning, .unusedFile(account.path, bytes: account.total - account.claimed)))
    }
    let known = Set(accounts.map(\.path))
    for name in try directoryEntries(directory) where name.hasSuffix(".distcp") {
      let path = "\(directory)/\(name)"
      guard !known.contains(path) else { continue }
      findings.append(Finding(.warning, .unusedFile(path, bytes: try MappedFile(path).byteCount)))
    }
    return findings
  }
}
