import Checkpoint
import Diagnostics
import FileIO
import Safetensors
import StrictJSON
import TensorCore

/// A checkpoint of torch.distributed.checkpoint in safetensors files: each holds one rank's blocks,
/// and says in its header where in the whole tensors they begin.
///
/// The files do not say how large the whole tensors are; they reach as far as the blocks that are
/// there. Where a rank's rows at the end are missing, only a configuration can tell.
///
/// Source: torch.distributed.checkpoint `hf_storage.py`, `_hf_utils.py`.
struct ShardedSafetensors {
  /// The directory.
  let directory: String
  /// The weights.
  let weights: [ChunkedSource]
  /// The paths of the files, in order.
  let files: [String]
  /// Whether some block is shorter than its neighbours along the axis that is cut, as only the last
  /// rank's are: then no rank is missing behind it.
  let isSeenToEnd: Bool

  private static let metadataKey = "DCP_SHARDING_INFO"

  /// Whether a directory with these entries holds such files; its first safetensors file tells.
  static func isPresent(in directory: String, entries: [String]) -> Bool {
    guard let first = entries.first(where: { $0.hasSuffix(".safetensors") }) else { return false }
    let file = try? SafetensorsFile("\(directory)/\(first)")
    return file?.metadata[metadataKey] != nil
  }

  /// Opens a directory of such files.
  init(_ directory: String) throws(GraftError) {
    self.directory = directory
    files = try directoryEntries(directory).filter { $0.hasSuffix(".safetensors") }
      .map { "\(directory)/\($0)" }
    var order: [String] = []
    var chunks: [String: [ChunkedSource.Chunk]] = [:]
    for path in files {
      let file = try SafetensorsFile(path)
      let offsets = try Self.offsets(of: file)
      for spec in file.tensors {
        guard let start = offsets[spec.name] else {
          throw .metadataLacks("where the block begins", tensor: spec.name, file: path)
        }
        let box = Box(offsets: start, sizes: spec.shape)
        guard start.count == spec.shape.count, box.hasSaneEnd else {
          throw .chunkOutside(box, of: spec, file: path)
        }
        if chunks[spec.name] == nil { order.append(spec.name) }
        let source = SafetensorsSource(spec, in: file)
        chunks[spec.name, default: []].append(ChunkedSource.Chunk(box: box, source: source))
      }
    }
    var weights: [ChunkedSource] = []
    var isSeenToEnd = false
    for name in order {
      let parts = chunks[name] ?? []
      guard let first = parts.first else { continue }
      var shape = first.box.sizes.map { _ in 0 }
      for part in parts {
        guard part.box.sizes.count == shape.count else {
          throw .chunkOtherThanSaid(
            part.source.spec, box: part.box,
            of: TensorSpec(name: name, dtype: first.source.spec.dtype, shape: first.box.sizes),
            file: part.source.file)
        }
        for axis in shape.indices { shape[axis] = max(shape[axis], part.box.end(axis)) }
      }
      let dtype = first.source.spec.dtype
      guard TensorSpec.checkedByteCount(dtype: dtype, shape: shape) != nil else {
        throw .metadataShape(tensor: name, file: first.source.file)
      }
      let spec = TensorSpec(name: name, dtype: dtype, shape: shape)
      weights.append(try ChunkedSource(spec, chunks: parts, place: directory))
      isSeenToEnd = isSeenToEnd || Self.isUneven(parts.map(\.box))
    }
    self.weights = weights
    self.isSeenToEnd = isSeenToEnd
  }

  /// What is odd: that nothing says how large the tensors should be.
  var findings: [Finding] {
    isSeenToEnd || weights.isEmpty
      ? [] : [Finding(.warning, .shapesUndeclared(directory, fileCount: files.count))]
  }

  private static func isUneven(_ boxes: [Box]) -> Bool {
    boxes.contains { $0.isEmpty || $0.sizes != boxes[0].sizes }
  }

  private static func offsets(of file: SafetensorsFile) throws(GraftError) -> [String: [Int]] {
    guard let text = file.metadata[metadataKey] else {
      throw .metadataLacks(metadataKey, file: file.path)
    }
    guard let object = try JSONValue.parse(text, file: file.path).object else {
      throw .metadataLacks(metadataKey, file: file.path)
    }
    var offsets: [String: [Int]] = [:]
    for (name, value) in zip(object.keys, object.values) {
      guard let array = value["saved_offsets"]?.array else {
        throw .metadataLacks("saved_offsets", tensor: name, file: file.path)
      }
      let numbers = array.compactMap(\.int)
      guard numbers.count == array.count, numbers.allSatisfy({ $0 >= 0 }) else {
        throw .metadataLacks("whole numbers as saved_offsets", tensor: name, file: file.path)
      }
      offsets[name] = numbers
    }
    return offsets
  }
}

extension Box {
  /// Whether its ends can be computed.
  fileprivate var hasSaneEnd: Bool {
    zip(offsets, sizes).allSatisfy { !$0.addingReportingOverflow($1).overflow }
  }
}
