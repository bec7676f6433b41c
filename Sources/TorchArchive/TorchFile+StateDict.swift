public import Diagnostics

/// The tensors of a state dict, by name, in the file's order.
public struct TorchStateDict: Sendable {
  /// The tensors.
  public var tensors: [(name: String, tensor: TorchTensor)] = []
  /// The names of what stands beside them and holds no tensors: counters, settings.
  public var others: [String] = []
}

extension TorchFile {
  /// Where programs that save more than the weights put the state dict.
  private static let wrappers = ["state_dict", "model_state_dict", "model", "module"]

  /// The named tensors that the file holds: its dictionary of tensors, or the one that it keeps
  /// under "state_dict", "model_state_dict", "model" or "module".
  ///
  /// - Throws: ``GraftError`` if there is none, a name appears twice, or something else stands where
  ///   a tensor is needed. Tensors are not yet checked against their storages, see
  ///   ``spec(of:named:)``.
  public func stateDict() throws(GraftError) -> TorchStateDict {
    guard let entries = root.entries, root.type == nil else {
      if root.isDictionary { return TorchStateDict() }
      throw .noStateDict(path, found: root.kindName)
    }
    if entries.contains(where: { $0.value.tensor != nil }) { return try stateDict(of: entries) }
    let inner = Self.wrappers.compactMap { root[$0]?.entries }
      .first { $0.contains { $0.value.tensor != nil } }
    guard let inner else {
      if entries.isEmpty { return TorchStateDict() }
      let keys = entries.prefix(6).map { $0.key.string ?? $0.key.kindName }
      throw .noStateDict(path, found: "no tensors by name, but \(keys.joined(separator: ", "))")
    }
    return try stateDict(of: inner)
  }

  private func stateDict(
    of entries: [(key: PickleValue, value: PickleValue)]
  ) throws(GraftError) -> TorchStateDict {
    var result = TorchStateDict()
    var seen: Set<String> = []
    for (key, value) in entries {
      guard let name = key.string else {
        throw .notATensor(path, tensor: "(none)", found: "under a name that is \(key.kindName)")
      }
      guard seen.insert(name).inserted else { throw .tensorTwiceInArchive(path, tensor: name) }
      if let tensor = value.tensor {
        result.tensors.append((name, tensor))
      } else if value.type != nil && !name.hasSuffix("_extra_state") || value.holdsTensors {
        throw .notATensor(path, tensor: name, found: value.kindName)
      } else {
        result.others.append(name)
      }
    }
    return result
  }
}

extension PickleValue {
  /// Whether a tensor can be reached from here; visits each value once.
  fileprivate var holdsTensors: Bool {
    var seen: Set<UInt32> = [id]
    var open = [self]
    while let value = open.popLast() {
      if value.tensor != nil { return true }
      var parts = value.elements ?? []
      for (key, value) in value.entries ?? [] { parts += [key, value] }
      parts += value.arguments ?? []
      if let state = value.state { parts.append(state) }
      open += parts.filter { seen.insert($0.id).inserted }
    }
    return false
  }
}
