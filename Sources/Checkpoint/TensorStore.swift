public import Diagnostics
import FileIO
import Safetensors
import StrictJSON
import TensorCore

/// All tensors of a model or adapter, by name, wherever its files put them.
public struct TensorStore: Sendable {
  /// The names, sorted.
  public let names: [String]
  /// The paths of the files that hold the tensors.
  public let files: [String]
  private let sources: [String: any TensorSource]

  /// The tensor of this name.
  public subscript(name: String) -> (any TensorSource)? { sources[name] }

  /// The tensors in the order of their bytes on disk: file by file, front to back.
  public let inFileOrder: [any TensorSource]

  /// Collects sources from anywhere.
  ///
  /// - Throws: ``GraftError`` if a name appears twice.
  public init(_ tensors: [any TensorSource], files: [String]) throws(GraftError) {
    var sources: [String: any TensorSource] = [:]
    for tensor in tensors {
      if let other = sources.updateValue(tensor, forKey: tensor.spec.name) {
        throw .duplicateTensor(tensor.spec.name, in: other.file, and: tensor.file)
      }
    }
    self.sources = sources
    self.files = files
    inFileOrder = tensors
    names = sources.keys.sorted()
  }

  /// The tensors of one safetensors file.
  public init(safetensors path: String) throws(GraftError) {
    let archive = try SafetensorsFile(path)
    try self.init(archive.tensors.map { SafetensorsSource($0, in: archive) }, files: [path])
  }

  /// The tensors of a directory that holds `NAME.safetensors`, or `NAME.safetensors.index.json`
  /// and its shards.
  ///
  /// - Parameter name: the stem, "model" or "adapter_model".
  /// - Throws: ``GraftError`` if there are no weights, if index and shards disagree (a tensor that
  ///   no shard has, a tensor that the index does not list or puts elsewhere, a missing shard), or
  ///   if the index names a file outside the directory.
  public init(directory: String, name: String = "model") throws(GraftError) {
    let single = "\(directory)/\(name).safetensors"
    let index = "\(single).index.json"
    if fileExists(index) {
      if fileExists(single) { throw .indexBesideSingleFile(index) }
      try self.init(index: index, directory: directory)
    } else if fileExists(single) {
      try self.init(safetensors: single)
    } else {
      throw .noWeights(directory, name: name)
    }
  }

  private init(index: String, directory: String) throws(GraftError) {
    let json = try JSONValue.parse(try readFile(index), file: index)
    guard let map = json["weight_map"]?.object, !map.isEmpty else { throw .indexWithoutMap(index) }
    var listed: [String: String] = [:]
    var order: [String] = []
    for (tensor, value) in map {
      guard let file = value.string else { throw .indexWithoutMap(index) }
      guard !file.contains("/"), file != "..", !file.isEmpty else {
        throw .indexLeavesDirectory(index, tensor: tensor, file: file)
      }
      listed[tensor] = file
      if !order.contains(file) { order.append(file) }
    }
    order.sort()
    var tensors: [any TensorSource] = []
    for file in order {
      let path = "\(directory)/\(file)"
      guard fileExists(path) else { throw .shardMissing(index, shard: file) }
      let archive = try SafetensorsFile(path)
      for spec in archive.tensors {
        guard let owner = listed[spec.name] else {
          throw .unlistedTensor(spec.name, shard: path, index: index)
        }
        guard owner == file else {
          throw .tensorInOtherShard(spec.name, listed: owner, found: path)
        }
        listed[spec.name] = nil
        tensors.append(SafetensorsSource(spec, in: archive))
      }
    }
    if let ghost = listed.min(by: { $0.key < $1.key }) {
      throw .ghostTensor(ghost.key, shard: ghost.value, index: index)
    }
    try self.init(tensors, files: order.map { "\(directory)/\($0)" })
  }
}
