public import Diagnostics
import FileIO
import StrictJSON
public import TensorCore

/// A Hugging Face model directory: config.json, weights, and what stands beside them.
public struct ModelDirectory: Sendable {
  /// The path as it was given.
  public let path: String
  /// config.json.
  public var config: ModelConfig
  /// The weights.
  public let store: TensorStore
  /// Where embedding, output matrix and backbone stand among the weights.
  public let names: ModelNames

  /// Opens a directory; reads config.json and the headers of the weight files.
  public init(_ path: String) throws(GraftError) {
    guard directoryExists(path) else {
      throw .system("opening", path, errno: 2)
    }
    self.path = path
    config = try ModelConfig(directory: path)
    store = try TensorStore(directory: path)
    names = ModelNames(config, store)
  }

  /// Assembles a model from parts that are already read.
  package init(path: String, config: ModelConfig, store: TensorStore) {
    self.path = path
    self.config = config
    self.store = store
    names = ModelNames(config, store)
  }

  /// Assembles a model from parts that are already read.
  public init(_ path: String, config: ModelConfig, store: TensorStore) {
    self.path = path
    self.config = config
    self.store = store
    names = ModelNames(config, store)
  }

  /// The family's table, or nil where Graft has none.
  public var architecture: Architecture? { names.architecture }

  /// The family's table.
  ///
  /// - Throws: ``GraftError`` where Graft has none.
  public func requireArchitecture() throws(GraftError) -> Architecture {
    guard let architecture else {
      throw .unknownArchitecture(config.modelType ?? "(none)", file: config.file)
    }
    return architecture
  }

  /// The class name for a role: the family's, else made from the one in config.json.
  ///
  /// - Throws: ``GraftError`` where neither says.
  public func className(for role: ModelRole) throws(GraftError) -> String {
    if let architecture, !names.isNested { return architecture.className(for: role) }
    let ends = [
      "ForCausalLM", "LMHeadModel", "ForConditionalGeneration", "ForSequenceClassification",
      "ForTokenClassification", "Model",
    ]
    let given = config.architectures.first ?? ""
    guard let end = ends.first(where: given.hasSuffix) else {
      throw .unknownArchitecture(config.modelType ?? "(none)", file: config.file)
    }
    let stem = given.dropLast(end.count)
    return switch role {
    case .backbone: "\(stem)Model"
    case .causal: end == "ForConditionalGeneration" ? given : "\(stem)ForCausalLM"
    case .sequenceClassifier: "\(stem)ForSequenceClassification"
    case .tokenClassifier: "\(stem)ForTokenClassification"
    }
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
    guard store[names.embeddingName] == nil else { return .causal }
    let bare = String(names.embeddingName.dropFirst(names.backbonePrefix.count))
    return store[bare] != nil && store[names.outputName] == nil ? .backbone : .causal
  }
}

extension ModelDirectory {
  /// The checkpoint's tensor for a name of the family's: under that name in the files, or without
  /// the backbone's prefix.
  public func stored(_ name: String) -> (any TensorSource)? {
    let full = names.onDisk(name)
    if let source = store[name] ?? store[full] { return source }
    let prefix = names.backbonePrefix
    guard !names.isNested, full.hasPrefix(prefix) else { return nil }
    return store[String(full.dropFirst(prefix.count))]
  }

  /// How the files hold experts, in a family that has any.
  public var expertLayout: ExpertLayout {
    guard let architecture, architecture.hasExperts else { return .perExpert }
    let ends = architecture.fusedExpertEnds
    let isFused = store.names.contains { name in ends.contains { name.hasSuffix($0) } }
    return isFused ? .fused : .perExpert
  }
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
