import Diagnostics
import FileIO
import StrictJSON
import TensorCore

extension TensorStore {
  /// The tensors of the shards that an index names, which must agree with it in every tensor.
  init(index: String, directory: String) throws(GraftError) {
    let json = try JSONValue.parse(try readFile(index), file: index)
    guard let map = json["weight_map"]?.object, !map.isEmpty else { throw .indexWithoutMap(index) }
    var listed: [String: String] = [:]
    var shards: Set<String> = []
    for (tensor, value) in map {
      guard let file = value.string else { throw .indexWithoutMap(index) }
      guard !file.contains("/"), !file.contains("\0"), file != "..", file != ".", !file.isEmpty
      else { throw .indexLeavesDirectory(index, tensor: tensor, file: file) }
      listed[tensor] = file
      shards.insert(file)
    }
    let order = shards.sorted()
    for file in order where !fileExists("\(directory)/\(file)") {
      throw .shardMissing(index, shard: file)
    }
    var tensors: [any TensorSource] = []
    var owners: [String: String] = [:]
    for file in order {
      let path = "\(directory)/\(file)"
      for source in try TensorStore(file: path).inFileOrder {
        let name = source.spec.name
        if let other = owners.updateValue(path, forKey: name) {
          throw .duplicateTensor(name, in: other, and: path)
        }
        tensors.append(source)
      }
    }
    for source in tensors {
      let name = source.spec.name
      guard let owner = listed[name] else {
        throw .unlistedTensor(name, shard: source.file, index: index)
      }
      guard source.file == "\(directory)/\(owner)" else {
        throw .tensorInOtherShard(name, listed: owner, found: source.file)
      }
      listed[name] = nil
    }
    if let ghost = listed.min(by: { $0.key < $1.key }) {
      throw .ghostTensor(ghost.key, shard: ghost.value, index: index)
    }
    try self.init(tensors, files: order.map { "\(directory)/\($0)" })
  }
}
