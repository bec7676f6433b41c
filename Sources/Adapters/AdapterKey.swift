/// The name of a tensor in an adapter file, taken apart: the module it belongs to, without the
/// prefixes of whatever wrapped the model when it was saved, and the part it plays there.
///
/// Source: PEFT 0.21 `get_peft_model_state_dict`, and names seen in raw state dictionaries of
/// DDP, FSDP, `torch.compile`, activation checkpointing and TRL's value-head wrapper.
struct AdapterKey: Hashable {
  /// What a tensor does.
  enum Part: Hashable {
    /// It is what the adapter trains on the module.
    case factor(AdapterFactor)
    /// Replaces a parameter ("weight", "bias") of the module.
    case parameter(String)
    /// The same, where the module itself carries what the adapter trains.
    case baseParameter(String)
    /// The same, in a wrapper's copy that was trained ("modules_to_save").
    case savedParameter(String)
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
    if parts.count > 1, parts[0] == "base_model", Self.markers.contains(parts[1]) {
      parts.removeFirst()
    }
    guard let place = parts.firstIndex(where: { Self.markers.contains($0) }) else {
      let parameter = parts.popLast() ?? ""
      if parts.last == "base_layer" {
        parts.removeAll { $0 == "base_layer" }
        part = .baseParameter(parameter)
      } else {
        part = .parameter(parameter)
      }
      module = parts.joined(separator: ".")
      return
    }
    module = parts[..<place].joined(separator: ".")
    let marker = parts[place]
    var rest = Array(parts[(place + 1)...])
    switch marker {
    case "modules_to_save":
      part = .savedParameter(rest.popLast() ?? "")
    case "original_module":
      part = .original
      return
    case "token_adapter":
      if rest.first == AdapterFactor.tokens.rawValue {
        rest.removeFirst()
        part = .factor(.tokens)
      } else {
        part = .original
        return
      }
    case "lora_B" where rest.last == "bias":
      rest.removeLast()
      part = .factor(.loraBBias)
    default:
      guard let factor = AdapterFactor(rawValue: marker) else {
        part = .unsupported("a tensor of another adapter kind")
        return
      }
      if factor.isModule, let leaf = rest.popLast(), leaf != "weight" {
        // A parameter's last part is the adapter's name, as in `lora_magnitude_vector.default`.
        if factor == .magnitude {
          rest.append(leaf)
        } else {
          part = .unsupported("a part of \(marker) that is not known")
          return
        }
      }
      part = .factor(factor)
    }
    adapter = rest.isEmpty ? nil : rest.joined(separator: ".")
  }

  private static let wrappersAnywhere: Set = [
    "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module",
  ]
  private static let wrappersInFront: Set = ["module", "pretrained_model"]
  private static let markers: Set<String> = Set(AdapterFactor.allCases.map(\.rawValue)).union([
    "modules_to_save", "original_module", "token_adapter", "lora_E", "ranknum", "boft_R", "boft_s",
    "oft_r", "oft_embedding_R", "prompt_embeddings", "ln_tuning_layers", "hra_u", "bone", "miss",
  ])
}
