import Checkpoint
import Diagnostics
import TorchArchive

/// A parameter as DeepSpeed lists it.
struct ZeroParameter: Hashable {
  var name: String
  var shape: [Int]
  /// The number of elements.
  var count: Int

  /// - Throws: ``GraftError`` for a shape that no tensor can have.
  init(_ name: String, shape: [Int], file: String) throws(GraftError) {
    var count = 1
    for extent in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard extent >= 0, !overflow, product <= 1 << 56 else {
        throw .shapeTooLarge(name, shape: shape, file: file)
      }
      count = product
    }
    self.name = name
    self.shape = shape
    self.count = count
  }
}

/// One `*_model_states.pt`: the module's state, and what the flat vectors of the optimiser's files
/// are made of.
struct ZeroModelStates {
  let path: String
  /// The rank in the file's name; 0 where there is none.
  let rank: Int
  /// Whether each rank has a file of its own, with its shares only.
  let hasShares: Bool
  let archive: TorchFile
  /// The module's tensors; of no elements where they are divided among processes.
  let module: [(name: String, tensor: TorchTensor)]
  /// What stands beside them in the module and is no tensor.
  let others: [String]
  /// The trained parameters in the order of the flat vectors, one list for each group.
  let shapes: [[ZeroParameter]]
  /// The parameters that the optimiser does not see; nil where the file does not say.
  let frozen: [ZeroParameter]?
  /// Their values, or this rank's share of them.
  let fragments: [String: TorchTensor]
  let buffers: Set<String>
  /// Names that are stored under another name.
  let shared: [(alias: String, original: String)]
  let worldSize: Int?
  let modelWorldSize: Int?
  let step: Int?
  let version: String?
  /// The stage that the run was configured for.
  let configuredStage: Int?
  /// Whether the parameters were shuffled among the ranks.
  let isRoundRobin: Bool

  init(_ entry: ZeroFiles.Entry) throws(GraftError) {
    path = entry.path
    rank = entry.dataRank ?? 0
    hasShares = entry.dataRank != nil
    archive = try TorchFile(entry.path)
    let root = archive.root
    guard let module = root["module"], root.isDictionary else {
      throw .shardLacks("module", file: entry.path)
    }
    (self.module, others) = Self.tensors(of: module)
    var groups: [[ZeroParameter]] = []
    for group in root["param_shapes"]?.elements ?? [] {
      groups.append(try Self.parameters(of: group, key: "param_shapes", file: path))
    }
    if let single = root["param_shapes"], single.isDictionary {
      groups = [try Self.parameters(of: single, key: "param_shapes", file: path)]
    }
    shapes = groups
    if let list = root["frozen_param_shapes"], !list.isNone {
      frozen = try Self.parameters(of: list, key: "frozen_param_shapes", file: path)
    } else {
      frozen = nil
    }
    let values = root["frozen_param_fragments"].map { Self.tensors(of: $0).tensors } ?? []
    fragments = Dictionary(values.map { ($0.name, $0.tensor) }) { _, last in last }
    buffers = Set((root["buffer_names"]?.elements ?? []).compactMap(\.string))
    shared = (root["shared_params"]?.entries ?? []).compactMap { key, value in
      guard let alias = key.string, let original = value.string else { return nil }
      return (alias, original)
    }
    worldSize = root["dp_world_size"]?.int
    modelWorldSize = root["mp_world_size"]?.int
    step = root["global_steps"]?.int
    version = root["ds_version"]?.string
    let settings = root["ds_config"]?["zero_optimization"]
    configuredStage = settings?["stage"]?.int
    isRoundRobin = settings?["round_robin_gradients"]?.bool ?? false
  }

  /// A tensor of the file.
  func source(_ tensor: TorchTensor, _ name: String) throws(GraftError) -> TorchSource {
    try TorchSource(tensor, named: name, in: archive)
  }

  private static func tensors(
    of value: PickleValue
  ) -> (tensors: [(name: String, tensor: TorchTensor)], others: [String]) {
    var tensors: [(name: String, tensor: TorchTensor)] = []
    var others: [String] = []
    for (key, value) in value.entries ?? [] {
      guard let name = key.string else { continue }
      if let tensor = value.tensor { tensors.append((name, tensor)) } else { others.append(name) }
    }
    return (tensors, others)
  }

  private static func parameters(
    of value: PickleValue, key: String, file: String
  ) throws(GraftError) -> [ZeroParameter] {
    guard let entries = value.entries ?? (value.isDictionary ? [] : nil) else {
      throw .shardLacks(key, file: file)
    }
    var out: [ZeroParameter] = []
    for (name, shape) in entries {
      guard let name = name.string, let shape = shape.ints ?? (shape.elements == nil ? nil : [])
      else { throw .shardLacks(key, file: file) }
      out.append(try ZeroParameter(name, shape: shape, file: file))
    }
    return out
  }
}
