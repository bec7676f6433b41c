import FileIO
import TestSupport

/// A checkpoint of torch.distributed.checkpoint written by hand, right or wrong. Element i of a
/// tensor, in row-major order, is the number i.
struct TinyDistributed {
  struct Block {
    var offsets: [Int]
    var sizes: [Int]
    var rank: Int
    /// The shape that the file holds; nil for the block's.
    var storedSizes: [Int]?
    /// The values to hold; nil for the tensor's.
    var values: [Float]?
    /// Whether the metadata says where the bytes lie.
    var isPlaced = true

    init(_ offsets: [Int], _ sizes: [Int], rank: Int) {
      self.offsets = offsets
      self.sizes = sizes
      self.rank = rank
    }
  }

  struct Tensor {
    var name: String
    var path: [String]?
    var shape: [Int]
    var blocks: [Block]
    var dtype = "float32"
  }

  var tensors: [Tensor]
  /// Changes to a place: the file's name, where it begins, how long it is.
  var place: (_ file: String, _ offset: Int, _ length: Int) -> (String, Int, Int) = {
    ($0, $1, $2)
  }
  /// Bytes after the last block of each file.
  var tail: [UInt8] = []
  var transforms: [String] = []
  /// The rest of the metadata's state, as a pickle of keys and values.
  var metadataClass = "Metadata"

  /// Two tensors in two halves each.
  static var halves: TinyDistributed {
    TinyDistributed(tensors: [
      Tensor(
        name: "a.weight", shape: [5, 3],
        blocks: [Block([0, 0], [3, 3], rank: 0), Block([3, 0], [2, 3], rank: 1)]),
      Tensor(
        name: "b.weight", shape: [4], blocks: [Block([0], [2], rank: 0), Block([2], [2], rank: 1)]),
    ])
  }

  /// Writes `.metadata` and `__RANK_0.distcp` into a directory.
  func write(to directory: String) throws {
    try makeDirectories(directory)
    var files: [Int: [UInt8]] = [:]
    var places: [UInt8] = []
    var metadata: [UInt8] = []
    var paths: [UInt8] = []
    for tensor in tensors {
      var chunks: [UInt8] = []
      for block in tensor.blocks {
        chunks += Self.object(
          "ChunkStorageMetadata",
          [
            ("offsets", Self.size(block.offsets)), ("sizes", Self.size(block.sizes)),
          ])
        let bytes = Self.archive(block, of: tensor)
        let start = files[block.rank]?.count ?? 0
        files[block.rank, default: []] += bytes
        guard block.isPlaced else { continue }
        let (file, offset, length) = place("__\(block.rank)_0.distcp", start, bytes.count)
        var state = [
          ("relative_path", Self.text(file)), ("offset", Self.long(offset)),
          ("length", Self.long(length)),
        ]
        if !transforms.isEmpty {
          state.append(("transform_descriptors", Self.list(transforms.map(Self.text))))
        }
        places += Self.object(
          "MetadataIndex",
          [
            ("fqn", Self.text(tensor.name)), ("offset", Self.size(block.offsets)),
            ("index", [0x4E]),
          ])
        places += Self.object("_StorageInfo", state, module: "filesystem")
      }
      let properties =
        Self.global("torch.distributed.checkpoint.metadata", "TensorProperties") + [0x29, 0x81]
        + Self.tuple([
          Self.global("torch", tensor.dtype), Self.global("torch", "strided"), [0x89], [0x4E],
          [0x89],
        ]) + [0x62]
      metadata += Self.text(tensor.name)
      metadata += Self.object(
        "TensorStorageMetadata",
        [
          ("properties", properties), ("size", Self.size(tensor.shape)),
          ("chunks", [0x5D, 0x28] + chunks + [0x65]),
        ])
      if let path = tensor.path {
        paths += Self.text(tensor.name) + Self.tuple(path.map(Self.text))
      }
    }
    let root = Self.object(
      metadataClass,
      [
        ("state_dict_metadata", [0x7D, 0x28] + metadata + [0x75]),
        ("planner_data", [0x7D, 0x28] + paths + [0x75]),
        ("storage_data", [0x7D, 0x28] + places + [0x75]),
      ])
    try Self.write([0x80, 2] + root + [0x2E], to: "\(directory)/.metadata")
    for (rank, bytes) in files {
      try Self.write(bytes + tail, to: "\(directory)/__\(rank)_0.distcp")
    }
  }

  /// Writes or replaces a file.
  static func write(_ bytes: [UInt8], to path: String) throws {
    removeTree(path)
    let output = try OutputFile(path)
    try output.write(bytes)
    _ = try output.close()
  }

  /// What torch.save makes of one block.
  private static func archive(_ block: Block, of tensor: Tensor) -> [UInt8] {
    let sizes = block.storedSizes ?? block.sizes
    let values = block.values ?? block.elements(of: tensor.shape)
    var strides = [Int](repeating: 1, count: sizes.count)
    for axis in strides.indices.dropLast().reversed() {
      strides[axis] = strides[axis + 1] * sizes[axis + 1]
    }
    let storage =
      tuple([
        text("storage"), global("torch", "FloatStorage"), text("0"), text("cpu"),
        long(values.count),
      ]) + [0x51]
    let pickle =
      global("torch._utils", "_rebuild_tensor_v2")
      + tuple([
        storage, long(0), tuple(sizes.map(long)), tuple(strides.map(long)), [0x89], [0x4E],
      ]) + [0x52]
    return ZipBuilder(
      pickle: [0x80, 2] + pickle + [0x2E],
      storages: [("0", values.withUnsafeBytes { Array($0) })]
    ).bytes()
  }

  // MARK: Pickles

  static func global(_ module: String, _ name: String) -> [UInt8] {
    Array("c\(module)\n\(name)\n".utf8)
  }
  static func text(_ text: String) -> [UInt8] {
    [0x58] + GGUFBuilder.little(UInt32(text.utf8.count)) + text.utf8
  }
  static func long(_ value: Int) -> [UInt8] { [0x8A, 8] + GGUFBuilder.little(Int64(value)) }
  static func tuple(_ parts: [[UInt8]]) -> [UInt8] { [0x28] + parts.joined() + [0x74] }
  static func list(_ parts: [[UInt8]]) -> [UInt8] { [0x5D, 0x28] + parts.joined() + [0x65] }
  static func size(_ numbers: [Int]) -> [UInt8] {
    global("torch", "Size") + tuple([tuple(numbers.map(long))]) + [0x52]
  }
  static func object(
    _ name: String, _ state: [(String, [UInt8])], module: String = "metadata"
  ) -> [UInt8] {
    global("torch.distributed.checkpoint.\(module)", name) + [0x29, 0x81, 0x7D, 0x28]
      + state.flatMap { text($0.0) + $0.1 } + [0x75, 0x62]
  }
}

extension TinyDistributed.Block {
  /// The block's elements of a tensor that counts.
  fileprivate func elements(of shape: [Int]) -> [Float] {
    let count = sizes.reduce(1, *)
    guard sizes.count == shape.count, (0..<10_000).contains(count),
      offsets.allSatisfy({ (0..<10_000).contains($0) })
    else { return [] }
    return (0..<count).map { index in
      var rest = index
      var place = 0
      var step = 1
      for axis in shape.indices.reversed() {
        place += (rest % max(1, sizes[axis]) + offsets[axis]) * step
        rest /= max(1, sizes[axis])
        step *= shape[axis]
      }
      return Float(place)
    }
  }
}
