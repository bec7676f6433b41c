/// The name of a tensor in an adapter file, taken apart: the module it belongs to, without the
/// prefixes of whatever wrapped the model when it was saved, and the part it plays there.
///
/// Source: PEFT 0.21 `get_peft_model_state_dict`, and names seen in raw state dictionaries of
/// DDP, FSDP, `torch.compile`, activation checkpointing and TRL's value-head wrapper.
struct AdapterKey: Hashable {
  /// What a tensor does.
  enum Part: Hashable {
    case a
    case b
    /// Replaces a parameter ("weight", "bias") of the module.
    case parameter(String)
    /// The same, where the module itself carries A and B.
    case baseParameter(String)
    /// The untrained copy that a wrapper keeps beside a module saved whole.
    case original
    /// Something this version cannot use, in words.
    case unsupported(String)
  }

  /// The module's path.
  var module: String
  /// The part.
  var part: Part
  /// The adapter's name, where the file carries it ("default").
  var adapter: String?

  init(_ name: String) {
    var parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    parts.removeAll { Self.wrappersAnywhere.contains($0) }
    while let first = parts.first, parts.count > 1 {
      if Self.wrappersInFront.contains(first) {
        parts.removeFirst()
      } else if first == "base_model", parts.count > 2, parts[1] == "model" {
        parts.removeFirst(2)
      } else {
        break
      }
    }
    let marker = parts.firstIndex { Self.markers.contains($0) }
    guard let marker else {
      let parameter = parts.popLast() ?? ""
      if parts.last == "base_layer" {
        parts.removeLast()
        part = .baseParameter(parameter)
      } else {
        part = .parameter(parameter)
      }
      module = parts.joined(separator: ".")
      return
    }
    module = parts[..<marker].joined(separator: ".")
    var rest = Array(parts[(marker + 1)...])
    switch parts[marker] {
    case "lora_A", "lora_B":
      let isA = parts[marker] == "lora_A"
      let leaf = rest.popLast()
      adapter = rest.isEmpty ? nil : rest.joined(separator: ".")
      if leaf == "weight" {
        part = isA ? .a : .b
      } else {
        part = .unsupported(leaf == "bias" ? "a bias of B (lora_bias)" : "a part of \(name)")
      }
    case "modules_to_save":
      let parameter = rest.popLast() ?? ""
      adapter = rest.isEmpty ? nil : rest.joined(separator: ".")
      part = .parameter(parameter)
    case "original_module":
      part = .original
    case "lora_embedding_A", "lora_embedding_B":
      part = .unsupported("LoRA on an embedding")
    case "lora_magnitude_vector":
      part = .unsupported("a DoRA magnitude")
    case "token_adapter":
      part = .unsupported("trained rows of an embedding")
    default:
      part = .unsupported("a tensor of another adapter kind")
    }
  }

  private static let wrappersAnywhere: Set = [
    "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module",
  ]
  private static let wrappersInFront: Set = ["module", "pretrained_model"]
  private static let markers: Set = [
    "lora_A", "lora_B", "lora_embedding_A", "lora_embedding_B", "lora_magnitude_vector",
    "modules_to_save", "original_module", "token_adapter",
  ]
}
