import Checkpoint
import Diagnostics
import FileIO
import StrictJSON
import TensorCore

/// A model or adapter directory whose head is to be changed: its tensors and its configuration.
struct HeadedDirectory {
  let path: String
  /// Whether it is an adapter.
  let isAdapter: Bool
  let store: TensorStore
  /// config.json of a model, adapter_config.json of an adapter.
  let config: ModelConfig
  let search: HeadSearch
  /// The model's family, where it is known; nil for an adapter.
  let architecture: Architecture?

  init(_ path: String, names: [String]) throws(GraftError) {
    self.path = path
    isAdapter = fileExists("\(path)/adapter_config.json")
    if isAdapter {
      let file = "\(path)/adapter_config.json"
      let value = try JSONValue.parse(
        try readFile(file, limit: 16 << 20), file: file, allowingNonFinite: true)
      guard let members = value.object else { throw .notAnObject(value, file: file) }
      config = ModelConfig(members, file: file)
      store = try TensorStore(directory: path, name: "adapter_model")
      search = try HeadSearch(path, store: store, names: names)
      architecture = nil
    } else {
      let model = try ModelDirectory(path)
      config = model.config
      store = model.store
      search = try HeadSearch(model, names: names)
      architecture = model.architecture
    }
  }

  /// The output matrix of the language model, if it is among the weights.
  var outputMatrix: (any TensorSource)? { store[architecture?.outputName ?? "lm_head.weight"] }

  /// A tensor's name in a model with a head: without wrappers, and with the backbone's prefix.
  func fullName(_ name: String) -> String {
    guard !isAdapter else { return name }
    var rest = name[...]
    while let wrapper = HeadName.wrappers.first(where: { rest.hasPrefix($0) }) {
      rest = rest.dropFirst(wrapper.count)
    }
    guard let architecture, isBare, rest != architecture.outputName[...],
      HeadName(String(rest), kinds: HeadKind.all(preferring: search.names)) == nil
    else { return String(rest) }
    return architecture.backbonePrefix + rest
  }

  /// Whether the names lack the prefix that they have in a model with a head.
  private var isBare: Bool {
    guard let architecture else { return false }
    let prefix = architecture.backbonePrefix
    let embedding = architecture.embeddingName
    return store[embedding] == nil && embedding.hasPrefix(prefix)
      && store[String(embedding.dropFirst(prefix.count))] != nil
  }

  /// Files that go along: all that hold no weights and that no command here writes anew.
  func sideFiles(carryingHeadFile: Bool) throws(GraftError) -> [String] {
    let written = [config.file, store.files.first ?? ""].map { splitPath($0).name }
    let suffixes = [
      ".safetensors", ".bin", ".pt", ".pth", ".gguf", ".safetensors.index.json",
      ".bin.index.json",
    ]
    var out: [String] = []
    let headFile = Head.sideFile(in: path).map { splitPath($0).name }
    for name in try directoryEntries(path) where fileExists("\(path)/\(name)") {
      if name == headFile {
        if carryingHeadFile { out.append(name) }
      } else if name != Provenance.fileName, !written.contains(name),
        !suffixes.contains(where: { name.hasSuffix($0) })
      {
        out.append(name)
      }
    }
    return out + (try SideFiles.names(in: path).filter { $0.contains("/") })
  }
}
