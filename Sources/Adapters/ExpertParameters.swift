import TensorCore

/// How a base stores the experts of its layers, seen as the parameters that transformers 5 holds
/// in memory: `experts.gate_up_proj` `[experts, 2 · inner, hidden]` and `experts.down_proj`
/// `[experts, hidden, inner]`.
///
/// Source: transformers 5.23 `conversion_mapping.py` ("mixtral", "qwen2_moe").
struct ExpertParameters {
  /// One tensor of the base that holds a part of a parameter.
  struct Piece: Hashable {
    /// The base's tensor.
    var tensor: String
    /// Which expert, or nil where the tensor holds all of them.
    var expert: Int?
    /// The rows of one expert's matrix that it holds.
    var rows: Range<Int>
  }

  /// A parameter of all experts of a layer.
  struct Parameter {
    /// `[experts, rows, columns]`
    var shape: [Int]
    /// The tensors that hold it.
    var pieces: [Piece]
  }

  /// By name, as in `model.layers.0.mlp.experts.gate_up_proj`.
  private(set) var parameters: [String: Parameter] = [:]

  init(_ base: [String: TensorSpec]) {
    var groups: [String: [Int: [String: TensorSpec]]] = [:]
    for (name, spec) in base {
      if spec.shape.count == 3, name.contains(".experts.") || name.hasPrefix("experts.") {
        parameters[name] = Parameter(
          shape: spec.shape,
          pieces: [Piece(tensor: name, expert: nil, rows: 0..<spec.shape[1])])
        continue
      }
      guard spec.shape.count == 2, let split = Self.split(name) else { continue }
      groups[split.experts, default: [:]][split.index, default: [:]][split.part] = spec
    }
    for (experts, members) in groups {
      let count = members.count
      guard members.keys.allSatisfy({ $0 < count }) else { continue }
      add("\(experts).gate_up_proj", members, ["gate_proj", "up_proj"], or: ["w1", "w3"])
      add("\(experts).down_proj", members, ["down_proj"], or: ["w2"])
    }
  }

  private mutating func add(
    _ name: String, _ members: [Int: [String: TensorSpec]], _ parts: [String], or others: [String]
  ) {
    let names = members[0]?[parts[0]] == nil ? others : parts
    var pieces: [Piece] = []
    var rows = 0
    var columns: Int?
    for index in 0..<members.count {
      var start = 0
      for part in names {
        guard let spec = members[index]?[part], columns ?? spec.shape[1] == spec.shape[1]
        else { return }
        columns = spec.shape[1]
        pieces.append(
          Piece(tensor: spec.name, expert: index, rows: start..<start + spec.shape[0]))
        start += spec.shape[0]
      }
      if index > 0, start != rows { return }
      rows = start
    }
    parameters[name] = Parameter(shape: [members.count, rows, columns ?? 0], pieces: pieces)
  }

  /// `a.experts.3.gate_proj.weight` taken apart.
  static func split(_ name: String) -> (experts: String, index: Int, part: String)? {
    let parts = name.split(separator: ".")
    guard parts.count >= 4, parts[parts.count - 1] == "weight", parts[parts.count - 4] == "experts",
      let index = Int(parts[parts.count - 3]), index >= 0
    else { return nil }
    return (
      parts.dropLast(3).joined(separator: "."), index, String(parts[parts.count - 2])
    )
  }
}
