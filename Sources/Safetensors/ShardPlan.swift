import StrictJSON
public import TensorCore

/// How the tensors of a model are split into files, as `huggingface_hub` splits them.
///
/// Tensors keep their order; a new shard begins where the next tensor does not fit any more. A
/// tensor that is larger than the limit has a shard to itself, and the shard before it goes on.
///
/// Source: `split_state_dict_into_shards_factory` in huggingface_hub's `_base.py`.
public struct ShardPlan: Sendable, Hashable {
  /// One file of the plan.
  public struct Shard: Sendable, Hashable {
    /// The name of the file.
    public var fileName: String
    /// What it holds, in order.
    public var tensors: [TensorSpec]
    /// The bytes of its tensors.
    public var byteCount: Int { tensors.reduce(0) { $0 + $1.byteCount } }
  }

  /// The files, in order; at least one.
  public let shards: [Shard]
  /// The name of the index file, or nil where one file holds everything.
  public let indexFileName: String?

  /// Plans the files.
  ///
  /// - Parameters:
  ///   - tensors: in the order in which they will be written.
  ///   - byteLimit: the bytes of tensors that one file may hold; nil for one file.
  ///   - stem: the first part of the file names.
  public init(_ tensors: [TensorSpec], byteLimit: Int? = nil, stem: String = "model") {
    var groups: [[TensorSpec]] = []
    var current: [TensorSpec] = []
    var size = 0
    let limit = byteLimit ?? .max
    for spec in tensors {
      let byteCount = spec.byteCount
      if byteCount > limit {
        groups.append([spec])
        continue
      }
      if byteCount > limit - size {
        groups.append(current)
        current = []
        size = 0
      }
      current.append(spec)
      size += byteCount
    }
    if !current.isEmpty || groups.isEmpty { groups.append(current) }
    func number(_ value: Int) -> String {
      let digits = String(value)
      return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }
    let count = groups.count
    let suffix = "safetensors"
    shards = groups.enumerated().map { position, tensors in
      let name =
        count == 1
        ? "\(stem).\(suffix)" : "\(stem)-\(number(position + 1))-of-\(number(count)).\(suffix)"
      return Shard(fileName: name, tensors: tensors)
    }
    indexFileName = count == 1 ? nil : "\(stem).\(suffix).index.json"
  }

  /// The bytes of all tensors.
  public var byteCount: Int { shards.reduce(0) { $0 + $1.byteCount } }

  /// The text of the index file, or nil where one file holds everything.
  public var indexText: String? {
    guard indexFileName != nil else { return nil }
    var map = JSONObject()
    for shard in shards {
      for spec in shard.tensors { map[spec.name] = .string(shard.fileName) }
    }
    let index: JSONValue = [
      "metadata": ["total_size": JSONValue(byteCount)], "weight_map": .object(map),
    ]
    return index.text(.prettySorted) + "\n"
  }
}
