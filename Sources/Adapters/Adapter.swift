public import Checkpoint
public import Diagnostics
import FileIO
import Glibc

/// A PEFT adapter directory: its configuration and its tensors.
public struct Adapter: Sendable {
  /// The directory.
  public let path: String
  /// `adapter_config.json`.
  public let config: AdapterConfig
  /// The tensors of `adapter_model.safetensors`, by their names in the file.
  public let store: TensorStore

  /// Opens an adapter; reads headers only.
  ///
  /// - Throws: ``GraftError`` if the configuration or the weights are missing or broken, or if the
  ///   file holds no tensors.
  public init(_ path: String) throws(GraftError) {
    guard directoryExists(path) else {
      throw fileExists(path) ? .adapterIsFile(path) : .system("opening", path, errno: ENOENT)
    }
    let weights = "\(path)/adapter_model.safetensors"
    let pickle = "\(path)/adapter_model.bin"
    if !fileExists("\(path)/adapter_config.json"), let inner = Self.nested(in: path) {
      throw .adapterNested(path, inner: inner)
    }
    config = try AdapterConfig(directory: path)
    guard fileExists(weights) || fileExists(weights + ".index.json") else {
      throw fileExists(pickle) ? .adapterPickle(pickle) : .adapterWeightsMissing(path)
    }
    store = try TensorStore(directory: path, name: "adapter_model")
    self.path = path
    guard !store.names.isEmpty else {
      throw .adapterEmpty(weights, hasPickle: fileExists(pickle))
    }
  }

  /// Assembles an adapter from parts that are already read.
  public init(path: String, config: AdapterConfig, store: TensorStore) {
    self.path = path
    self.config = config
    self.store = store
  }

  /// Whether a directory looks like an adapter.
  public static func isAdapter(_ path: String) -> Bool {
    ["adapter_config.json", "adapter_model.safetensors", "adapter_model.bin"].contains {
      fileExists("\(path)/\($0)")
    }
  }

  /// The directory below `path` that holds an adapter, where PEFT puts those not named "default".
  private static func nested(in path: String) -> String? {
    let entries = (try? directoryEntries(path)) ?? []
    return entries.map { "\(path)/\($0)" }.first { fileExists("\($0)/adapter_config.json") }
  }
}
