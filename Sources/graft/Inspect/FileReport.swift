import Checkpoint
import Diagnostics
import FileIO
import GGUF
import Heads
import Safetensors
import StrictJSON
import TensorCore

/// What a single weight file holds.
struct FileReport {
  let path: String
  /// "safetensors", "torch" or "gguf".
  let format: String
  private(set) var tensorCount = 0
  private(set) var parameterCount = 0
  private(set) var byteCount = 0
  /// Elements by type, the most frequent first.
  private(set) var types: [(name: String, elements: Int)] = []
  /// What the header says about the file, in words.
  private(set) var metadata: [(key: String, value: String)] = []
  /// What the names say that it is.
  private(set) var description = "weights"
  private(set) var heads: [Head] = []
  private(set) var statistics: [HeadStatistics] = []

  init(_ path: String) throws(GraftError) {
    self.path = path
    if GGUFFile.isGGUF(path) {
      format = "gguf"
      let file = try GGUFFile(path)
      describe(file)
    } else if path.hasSuffix(".safetensors") {
      format = "safetensors"
      let archive = try SafetensorsFile(path)
      metadata = archive.metadata.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
      try describe(try TensorStore(safetensors: path))
    } else if [".bin", ".pt", ".pth"].contains(where: { path.hasSuffix($0) }) {
      format = "torch"
      try describe(try TensorStore(torch: path))
    } else {
      throw .notADirectory(path)
    }
  }

  private mutating func describe(_ file: GGUFFile) {
    tensorCount = file.tensors.count
    parameterCount = file.tensors.reduce(0) { $0 + $1.spec.elementCount }
    byteCount = file.tensors.reduce(0) { $0 + $1.byteRange.count }
    count(file.tensors.map { ("\($0.type)", $0.spec.elementCount) })
    for key in [
      "general.name", "general.type", "general.architecture", "tokenizer.ggml.model",
      "tokenizer.ggml.pre",
    ] {
      if let value = file.metadata[key]?.string { metadata.append((key, value)) }
    }
    if let tokens = file.metadata["tokenizer.ggml.tokens"]?.strings {
      metadata.append(("tokens", "\(tokens.count)"))
    }
    let hasTemplate = file.metadata["tokenizer.chat_template"] != nil
    metadata.append(("chat template", hasTemplate ? "yes" : "none"))
    let architecture = file.metadata["general.architecture"]?.string ?? "unknown"
    description = "a model of llama.cpp, architecture \(architecture)"
  }

  private mutating func describe(_ store: TensorStore) throws(GraftError) {
    let specs = store.inFileOrder.map(\.spec)
    tensorCount = specs.count
    parameterCount = specs.reduce(0) { $0 + $1.elementCount }
    byteCount = specs.reduce(0) { $0 + $1.byteCount }
    count(specs.map { ($0.dtype.rawValue, $0.elementCount) })
    heads = Head.all(in: store)
    var measured: [HeadStatistics] = []
    for head in heads { measured.append(try HeadStatistics(head)) }
    statistics = measured
    let headTensors = heads.reduce(0) { $0 + $1.tensors.count }
    if specs.isEmpty {
      description = "no tensor at all"
    } else if store.names.contains(where: { $0.contains(".lora_A.") || $0.contains(".lora_a") }) {
      description = "an adapter's weights"
    } else if headTensors == specs.count {
      description = "a head in a file of its own"
    } else if splitPath(path).name.contains("-of-") {
      description = "one shard of a model's weights"
    } else {
      description = "a model's weights"
    }
  }

  private mutating func count(_ tensors: [(type: String, elements: Int)]) {
    var sums: [String: Int] = [:]
    for (type, elements) in tensors { sums[type, default: 0] += elements }
    types = sums.map { ($0.key, $0.value) }.sorted { ($1.1, $0.0) < ($0.1, $1.0) }
  }
}
