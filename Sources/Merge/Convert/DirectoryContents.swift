import Checkpoint
import Diagnostics
import FileIO

/// What stands beside the weights of a model directory, and what becomes of it.
struct DirectoryContents {
  /// Files that are copied byte for byte: tokenizer, templates, code, licence, side files.
  var copied: [String] = []
  /// What is left out, in words.
  var notes: [String] = []

  init(_ path: String, weights: [String]) throws(GraftError) {
    let weights = Set(weights.map { splitPath($0).name })
    var others: [String] = []
    for name in try directoryEntries(path) {
      let replaced = [
        "config.json", "model.safetensors.index.json", "pytorch_model.bin.index.json",
        Provenance.fileName,
      ]
      if replaced.contains(name) || weights.contains(name) || name.hasPrefix(".") { continue }
      let isWeights = ["bin", "pt", "pth", "gguf", "h5", "msgpack", "onnx"].contains {
        name.hasSuffix("." + $0) || name.hasSuffix(".\($0).index.json")
      }
      if isWeights || !fileExists("\(path)/\(name)") {
        others.append(name)
      } else {
        copied.append(name)
      }
    }
    let inFolders = try SideFiles.names(in: path).filter { $0.contains("/") }
    copied += inFolders
    others.removeAll { name in inFolders.contains { $0.hasPrefix(name + "/") } }
    if !others.isEmpty { notes.append("not copied: \(others.joined(separator: ", "))") }
  }
}
