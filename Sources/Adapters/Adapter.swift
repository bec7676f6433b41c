public import Checkpoint
public import Diagnostics
import FileIO
import GGUF
import Glibc

/// An adapter: its configuration and its tensors, as PEFT knows them, whichever program wrote it.
public struct Adapter: Sendable {
  /// The directory, or the GGUF file.
  public let path: String
  /// `adapter_config.json`.
  public let config: AdapterConfig
  /// The tensors, by PEFT's names: of `adapter_model.safetensors` or `.bin` as they are there, of another
  /// program's files under the names and in the shapes that PEFT gives them.
  public let store: TensorStore
  /// The program that wrote it.
  public let dialect: AdapterDialect
  /// What must be known before it can be merged: a GGUF adapter whose base was not named.
  public let reservation: GraftError?

  /// Opens an adapter; reads headers only.
  ///
  /// - Parameters:
  ///   - path: a directory that PEFT or MLX wrote, or a GGUF file.
  ///   - base: the configuration of its base; a GGUF adapter of a Llama needs it.
  /// - Throws: ``GraftError`` if the configuration or the weights are missing or broken, or if the
  ///   file holds no tensors.
  public init(_ path: String, base: ModelConfig? = nil) throws(GraftError) {
    switch AdapterDialect.at(path) {
    case .peft: try self.init(peft: path)
    case .mlx:
      let read = try MLXAdapter(path)
      let store = try TensorStore(read.tensors, files: ["\(path)/\(MLXAdapter.weights)"])
      self.init(path: path, config: read.config, store: store, dialect: .mlx)
    case .gguf:
      let read = try GGUFAdapter(path, base: base)
      let store = try TensorStore(read.tensors, files: [path])
      self.init(
        path: path, config: read.config, store: store, dialect: .gguf,
        reservation: read.reservation)
    }
  }

  private init(peft path: String) throws(GraftError) {
    guard directoryExists(path) else {
      throw fileExists(path) ? .adapterIsFile(path) : .system("opening", path, errno: ENOENT)
    }
    if !fileExists("\(path)/adapter_config.json"), let inner = Self.nested(in: path) {
      throw .adapterNested(path, inner: inner)
    }
    config = try AdapterConfig(directory: path)
    guard TensorStore.isPresent(in: path, name: "adapter_model") else {
      throw .adapterWeightsMissing(path)
    }
    store = try TensorStore(directory: path, name: "adapter_model")
    self.path = path
    dialect = .peft
    reservation = nil
    guard !store.names.isEmpty else {
      throw .adapterEmpty(store.files.first ?? path)
    }
  }

  /// Assembles an adapter from parts that are already read.
  public init(
    path: String, config: AdapterConfig, store: TensorStore, dialect: AdapterDialect = .peft,
    reservation: GraftError? = nil
  ) {
    self.path = path
    self.config = config
    self.store = store
    self.dialect = dialect
    self.reservation = reservation
  }

  /// Whether a directory looks like an adapter, or a file is one of llama.cpp's.
  public static func isAdapter(_ path: String) -> Bool {
    if fileExists(path) {
      guard GGUFFile.isGGUF(path), let file = try? GGUFFile(path) else { return false }
      return file.metadata["general.type"]?.string == "adapter"
    }
    return [
      "adapter_config.json", "adapter_model.safetensors", "adapter_model.bin",
      MLXAdapter.weights,
    ].contains { fileExists("\(path)/\($0)") }
  }

  /// The adapter without ``reservation``, to look at alone; not to be merged.
  public var alone: Adapter {
    Adapter(path: path, config: config, store: store, dialect: dialect)
  }

  /// The directory below `path` that holds an adapter, where PEFT puts those not named "default".
  private static func nested(in path: String) -> String? {
    let entries = (try? directoryEntries(path)) ?? []
    return entries.map { "\(path)/\($0)" }.first { fileExists("\($0)/adapter_config.json") }
  }
}
