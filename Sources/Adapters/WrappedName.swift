/// What a tensor of a model that PEFT wraps is to the adapter, by its name in the model's own state.
///
/// Source: PEFT 0.21 `get_peft_model_state_dict`.
package enum WrappedName: Hashable {
  /// The adapter's, under the name that its file has; with the adapter's name where it is told.
  case saved(as: String, adapter: String?)
  /// The copy that a wrapper keeps beside a module that is trained whole.
  case untrainedCopy
  /// The base model's, under the base's name.
  case base(String)

  /// Takes a name apart.
  package init(_ name: String) {
    let key = AdapterKey(name)
    switch key.part {
    case .original: self = .untrainedCopy
    case .parameter(let parameter), .baseParameter(let parameter):
      self = .base(key.module.isEmpty ? parameter : "\(key.module).\(parameter)")
    case .savedParameter(let parameter):
      let parts = name.split(separator: ".").map(String.init)
      let adapter = parts.firstIndex(of: "modules_to_save").flatMap {
        $0 + 2 < parts.count ? parts[$0 + 1] : nil
      }
      self = .saved(
        as: "\(AdapterWriter.prefix)\(key.module).\(parameter)", adapter: adapter)
    case .factor, .unsupported: self = Self.factor(name, key)
    }
  }

  /// Keeps the name up to the adapter's own, and the leaf behind it where that is a module's.
  private static func factor(_ name: String, _ key: AdapterKey) -> WrappedName {
    let parts = name.split(separator: ".").map(String.init)
    let front = key.module.isEmpty ? "" : "\(key.module)."
    let start = key.module.split(separator: ".").count
    let tail = parts.suffix(max(0, parts.count - (offset(of: key, in: parts) ?? start)))
    guard let marker = tail.first else { return .base(name) }
    var rest = Array(tail.dropFirst())
    var marks = [marker]
    if marker == "token_adapter", let factor = rest.first {
      rest.removeFirst()
      marks.append(factor)
    }
    var leaf: String?
    if let last = rest.last, ["weight", "bias"].contains(last) {
      leaf = marker == "lora_magnitude_vector" ? nil : last
      rest.removeLast()
    }
    let saved = front + (marks + [leaf].compactMap(\.self)).joined(separator: ".")
    let adapter = rest.isEmpty ? nil : rest.joined(separator: ".")
    return .saved(as: AdapterWriter.prefix + saved, adapter: adapter)
  }

  /// The place of the first part of the name behind the module.
  private static func offset(of key: AdapterKey, in parts: [String]) -> Int? {
    guard let last = key.module.split(separator: ".").last.map(String.init) else { return nil }
    let markers = Set(AdapterFactor.allCases.map { $0.rawValue.split(separator: ".")[0] })
      .union(["token_adapter"])
    return parts.indices.dropFirst().first {
      parts[$0 - 1] == last && markers.contains(parts[$0][...])
    }
  }
}
