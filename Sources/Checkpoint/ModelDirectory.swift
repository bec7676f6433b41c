public import Diagnostics
import FileIO
import StrictJSON
public import TensorCore

/// A Hugging Face model directory: config.json, weights, and what stands beside them.
public struct ModelDirectory: Sendable {
  /// The path as it was given.
  public let path: String
  /// config.json.
  public let config: ModelConfig
  /// The weights.
  public let store: TensorStore

  /// Opens a directory; reads config.json and the headers of the weight files.
  public init(_ path: String) throws(GraftError) {
    guard directoryExists(path) else {
      throw .system("opening", path, errno: 2)
    }
    self.path = path
    config = try ModelConfig(directory: path)
    store = try TensorStore(directory: path)
  }

  /// The family's table, or nil where Graft has none.
  public var architecture: Architecture? {
    config.modelType.flatMap(Architecture.named)
  }

  /// The family's table.
  ///
  /// - Throws: ``GraftError`` where Graft has none.
  public func requireArchitecture() throws(GraftError) -> Architecture {
    guard let architecture else {
      throw .unknownArchitecture(config.modelType ?? "(none)", file: config.file)
    }
    return architecture
  }

  /// What the checkpoint was saved as, by its class name, else by its tensors.
  public var savedRole: ModelRole {
    let name = config.architectures.first ?? ""
    if name.hasSuffix("ForSequenceClassification") {
      return .sequenceClassifier(labels: config.labelCount)
    }
    if name.hasSuffix("ForTokenClassification") {
      return .tokenClassifier(labels: config.labelCount)
    }
    if name.hasSuffix("ForCausalLM") || name.hasSuffix("LMHeadModel") { return .causal }
    guard let architecture, store[architecture.embeddingName] == nil else { return .causal }
    let bare = String(architecture.embeddingName.dropFirst(architecture.backbonePrefix.count))
    return store[bare] != nil && store[architecture.outputName] == nil ? .backbone : .causal
  }

  /// Gives every tensor that `role` needs its origin, and every tensor of the checkpoint its fate.
  ///
  /// Names are the family's for that role; a checkpoint of the bare backbone (names without the
  /// prefix) serves every role. A language-model head is left out of a classifier, and an output
  /// matrix that equals the tied embedding is left out of a tied model; both are recorded.
  ///
  /// - Parameters:
  ///   - role: what the model is to be used as.
  ///   - supplied: tensors from elsewhere under the role's names, such as a head. They take the
  ///     place of the checkpoint's own.
  ///   - how: the words for a supplied tensor's origin.
  /// - Throws: ``GraftError`` if a tensor is missing, has another shape, or has no place.
  public func resolve(
    as role: ModelRole, supplying supplied: [any TensorSource] = [], how: String = "supplied"
  ) throws(GraftError) -> ResolvedModel {
    let architecture = try requireArchitecture()
    let expected = try architecture.expectedTensors(config, role: role)
    var ledger = Ledger(expecting: expected)
    for source in store.inFileOrder { ledger.read(source) }
    var tensors: [ResolvedModel.Entry] = []
    for tensor in expected {
      let replacement = supplied.first { $0.spec.name == tensor.name }
      let own = stored(tensor.name, in: architecture)
      if tensor.kind == .output, tensor.isOptional, let own {
        try dropTiedCopy(own, architecture, from: &ledger)
        continue
      }
      guard let source = replacement ?? own else { continue }
      guard source.spec.shape == tensor.shape else {
        throw .shapeMismatch(
          source.spec.name, found: source.spec.shape, expected: tensor.shape,
          because: "config.json", file: source.file)
      }
      try ledger.assign(
        tensor.name,
        from: .tensor(Ledger.Reference(source), how: replacement == nil ? "copied" : how))
      if replacement != nil, let own {
        ledger.settle(Ledger.Reference(own), .dropped(reason: "replaced: \(how)"))
      }
      tensors.append(ResolvedModel.Entry(expected: tensor, source: source))
    }
    for source in store.inFileOrder {
      if role.isClassifier, source.spec.name == architecture.outputName {
        ledger.settle(
          Ledger.Reference(source),
          .dropped(reason: "the classification head takes the place of the output matrix"))
      } else if architecture.isRecomputedBuffer(source.spec.name) {
        ledger.settle(Ledger.Reference(source), .dropped(reason: "computed again on loading"))
      }
    }
    try ledger.check(place: path)
    return ResolvedModel(tensors: tensors, ledger: ledger)
  }

  /// The checkpoint's tensor for a name of the family's: under that name, or without the prefix.
  public func stored(_ name: String, in architecture: Architecture) -> (any TensorSource)? {
    if let source = store[name] { return source }
    let prefix = architecture.backbonePrefix
    return name.hasPrefix(prefix) ? store[String(name.dropFirst(prefix.count))] : nil
  }

  private func dropTiedCopy(
    _ output: any TensorSource, _ architecture: Architecture, from ledger: inout Ledger
  ) throws(GraftError) {
    if let embedding = stored(architecture.embeddingName, in: architecture),
      !(try haveEqualBytes(output, embedding))
    {
      throw .tiedButDifferent(output.spec.name, config: config.file, file: output.file)
    }
    ledger.settle(
      Ledger.Reference(output), .dropped(reason: "equal to the embedding that it is tied to"))
  }
}

/// A model whose every tensor has an origin.
public struct ResolvedModel: Sendable {
  /// One tensor: what is expected, and where it is.
  public struct Entry: Sendable {
    /// Name, shape and kind.
    public var expected: ExpectedTensor
    /// The bytes.
    public var source: any TensorSource
  }

  /// The tensors in the family's order.
  public var tensors: [Entry]
  /// The checked account.
  public var ledger: Ledger
}

/// Whether two tensors have the same type, shape and bits; streams in blocks.
public func haveEqualBytes(
  _ a: any TensorSource, _ b: any TensorSource
) throws(GraftError) -> Bool {
  guard a.spec.dtype == b.spec.dtype, a.spec.shape == b.spec.shape else { return false }
  for rows in rowBlocks(of: a.spec, byteLimit: 4 << 20) {
    guard try a.bytes(rows: rows) == b.bytes(rows: rows) else { return false }
  }
  return true
}

/// Cuts a tensor's rows into blocks of at most `byteLimit` bytes (or one row).
public func rowBlocks(of spec: TensorSpec, byteLimit: Int) -> [Range<Int>] {
  guard spec.elementCount > 0 else { return [] }
  let rowBytes = max(1, spec.rowElementCount * spec.dtype.bitWidth / 8)
  let step = max(1, byteLimit / rowBytes)
  return stride(from: 0, to: spec.rowCount, by: step).map {
    $0..<min($0 + step, spec.rowCount)
  }
}
