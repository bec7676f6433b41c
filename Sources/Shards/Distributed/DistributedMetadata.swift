import Diagnostics
import TensorCore
import TorchArchive

/// What the `.metadata` of a distributed checkpoint says: tensors with their blocks, and where the
/// bytes of each block lie.
///
/// Source: torch.distributed.checkpoint `metadata.py` and `filesystem.py`. Reading checks that
/// every number makes sense by itself; the files are another matter.
struct DistributedMetadata {
  /// A tensor as a whole.
  struct Tensor {
    var spec: TensorSpec
    /// The keys that lead to it in the state that was saved.
    var path: [String]
    var boxes: [Box]
  }

  /// Where a block is looked up: by the tensor's name and the block's offsets.
  struct Key: Hashable {
    var name: String
    var offsets: [Int]?
  }

  /// Bytes in a file of the checkpoint; ordered by file and position.
  struct Place: Comparable {
    /// The file's name within the directory.
    var file: String
    var range: Range<Int>
    /// What was done to the bytes before they were written: compression, for one.
    var transforms: [String]

    static func < (a: Self, b: Self) -> Bool {
      (a.file, a.range.lowerBound) < (b.file, b.range.lowerBound)
    }
  }

  /// The metadata's own file.
  var file: String
  /// In the file's order.
  var tensors: [Tensor] = []
  /// The names of what is no tensor: counters, schedules, random states.
  var objects: [String] = []
  var places: [Key: Place] = [:]

  /// Reads one file.
  ///
  /// - Throws: ``GraftError`` if it is no such file, or says what cannot be.
  init(_ path: String) throws(GraftError) {
    file = path
    let root = try PickleValue.read(path)
    guard let entries = root.attribute("state_dict_metadata")?.entries,
      root.type?.name == "Metadata" || root.attribute("storage_data") != nil
    else { throw .notDistributedMetadata(path, found: root.kindName) }
    let storage = root.attribute("storage_data")
    guard storage?.isDictionary == true else { throw .metadataLacks("storage_data", file: path) }
    var paths: [String: [String]] = [:]
    for (key, value) in root.attribute("planner_data")?.entries ?? [] {
      guard let name = key.string, let parts = value.elements else { continue }
      let keys = parts.compactMap { $0.string ?? $0.int.map(String.init) }
      if keys.count == parts.count { paths[name] = keys }
    }
    var seen: Set<String> = []
    for (key, value) in entries {
      guard let name = key.string else { throw .metadataLacks("the name of a tensor", file: path) }
      guard seen.insert(name).inserted else { throw .metadataNamesTwice(name, file: path) }
      if value.attribute("size") == nil {
        objects.append(name)
      } else {
        tensors.append(try Self.tensor(name, value, path: paths[name] ?? [name], file: path))
      }
    }
    for (key, value) in storage?.entries ?? [] {
      guard let name = key.attribute("fqn")?.string else {
        throw .metadataLacks("the name of stored bytes", file: path)
      }
      let place = try Self.place(value, name: name, file: path)
      let key = Key(name: name, offsets: key.attribute("offset")?.coordinates)
      guard places.updateValue(place, forKey: key) == nil else {
        throw .metadataNamesTwice(name, file: path)
      }
    }
  }

  private static func tensor(
    _ name: String, _ value: PickleValue, path: [String], file: String
  ) throws(GraftError) -> Tensor {
    let properties = value.attribute("properties")
    let type = properties?.state?.elements?.first ?? properties?.attribute("dtype")
    guard let dtype = type?.dtype else {
      throw .metadataType(type?.global?.name ?? "(none)", tensor: name, file: file)
    }
    guard let shape = value.attribute("size")?.coordinates,
      TensorSpec.checkedByteCount(dtype: dtype, shape: shape) != nil
    else { throw .metadataShape(tensor: name, file: file) }
    guard let chunks = value.attribute("chunks")?.list else {
      throw .metadataLacks("the blocks", tensor: name, file: file)
    }
    let spec = TensorSpec(name: name, dtype: dtype, shape: shape)
    var boxes: [Box] = []
    for chunk in chunks {
      guard let offsets = chunk.attribute("offsets")?.coordinates,
        let sizes = chunk.attribute("sizes")?.coordinates
      else { throw .metadataLacks("the place of a block", tensor: name, file: file) }
      // An empty block may lie anywhere, as a rank without rows has it.
      let box = Box(offsets: offsets, sizes: sizes)
      let isEmpty = sizes.count == shape.count && box.isEmpty
      guard isEmpty || box.lies(within: shape) else {
        throw .chunkOutside(box, of: spec, file: file)
      }
      boxes.append(box)
    }
    return Tensor(spec: spec, path: path, boxes: boxes)
  }

  private static func place(
    _ value: PickleValue, name: String, file: String
  ) throws(GraftError) -> Place {
    guard let path = value.attribute("relative_path")?.string,
      let offset = value.attribute("offset")?.int, let length = value.attribute("length")?.int
    else { throw .metadataLacks("where the bytes lie", tensor: name, file: file) }
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard !path.isEmpty, !path.utf8.contains(0),
      parts.allSatisfy({ !["", ".", ".."].contains($0) })
    else { throw .metadataLeavesDirectory(path, tensor: name, file: file) }
    let (end, overflow) = offset.addingReportingOverflow(length)
    guard offset >= 0, length >= 0, !overflow else {
      throw .metadataRange(offset: offset, length: length, tensor: name, file: file)
    }
    let transforms = value.attribute("transform_descriptors")?.list?.compactMap(\.string) ?? []
    return Place(file: path, range: offset..<end, transforms: transforms)
  }
}

extension PickleValue {
  /// The elements of a list, which may be empty; nil for what is none.
  fileprivate var list: [PickleValue]? { isNone ? nil : elements }

  /// The whole numbers of a shape or a place in one; empty for a scalar's.
  fileprivate var coordinates: [Int]? {
    guard let list, list.count <= 64 else { return nil }
    let numbers = list.compactMap(\.int)
    return numbers.count == list.count && numbers.allSatisfy { $0 >= 0 } ? numbers : nil
  }
}
