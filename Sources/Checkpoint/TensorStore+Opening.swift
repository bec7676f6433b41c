public import Diagnostics
import FileIO
import Safetensors
import TensorCore
import TorchArchive

extension TensorStore {
  /// The tensors of one safetensors file.
  public init(safetensors path: String) throws(GraftError) {
    let archive = try SafetensorsFile(path)
    try self.init(archive.tensors.map { SafetensorsSource($0, in: archive) }, files: [path])
  }

  /// The tensors of one file that `torch.save` wrote: `.bin`, `.pt`, `.pth`.
  ///
  /// Nothing in it is executed.
  public init(torch path: String) throws(GraftError) {
    let archive = try TorchFile(path)
    var tensors: [any TensorSource] = []
    for (name, tensor) in try archive.stateDict().tensors {
      tensors.append(try TorchSource(tensor, named: name, in: archive))
    }
    try self.init(tensors, files: [path])
  }

  /// The tensors of one weight file: safetensors, or what `torch.save` wrote, told by its content.
  public init(file path: String) throws(GraftError) {
    let isTorch =
      TorchFile.isTorchFile(path) || [".bin", ".pt", ".pth"].contains { path.hasSuffix($0) }
    if isTorch { try self.init(torch: path) } else { try self.init(safetensors: path) }
  }

  /// The tensors of a directory that holds `NAME.safetensors`, or `pytorch_model.bin` for a model
  /// and `NAME.bin` for anything else, or an index (`.index.json`) of either and its shards.
  ///
  /// Where both kinds stand side by side they must hold the same: names, types, shapes and a
  /// sample of the bytes of every tensor are compared, and the safetensors are used.
  ///
  /// - Parameter name: the stem, "model" or "adapter_model".
  /// - Throws: ``GraftError`` if there are no weights, if index and shards disagree (a tensor that
  ///   no shard has, a tensor that the index does not list or puts elsewhere, a missing shard), if
  ///   the index names a file outside the directory, or if the two kinds hold different weights.
  public init(directory: String, name: String = "model") throws(GraftError) {
    let safetensors = "\(name).safetensors"
    let torch = Self.torchName(name)
    let first = try Self.weights(safetensors, in: directory)
    let second = try Self.weights(torch, in: directory)
    switch (first, second) {
    case (let path?, nil), (nil, let path?):
      try self.init(weights: path, in: directory)
    case (let path?, let other?):
      try self.init(weights: path, in: directory)
      try agree(with: other, in: directory, path: path)
    case (nil, nil): throw .noWeights(directory, names: [safetensors, torch])
    }
  }

  /// Whether a directory holds weights of this stem, of any kind.
  public static func isPresent(in directory: String, name: String = "model") -> Bool {
    ["\(name).safetensors", torchName(name)].contains {
      fileExists("\(directory)/\($0)") || fileExists("\(directory)/\($0).index.json")
    }
  }

  private static func torchName(_ name: String) -> String {
    name == "model" ? "pytorch_model.bin" : "\(name).bin"
  }

  /// The path of a single file or of its index, or nil where neither is there.
  private static func weights(
    _ name: String, in directory: String
  ) throws(GraftError) -> String? {
    let single = "\(directory)/\(name)"
    let index = "\(single).index.json"
    guard fileExists(index) else { return fileExists(single) ? single : nil }
    guard !fileExists(single) else { throw .indexBesideSingleFile(index) }
    return index
  }

  init(weights path: String, in directory: String) throws(GraftError) {
    if path.hasSuffix(".index.json") {
      try self.init(index: path, directory: directory)
    } else {
      try self.init(file: path)
    }
  }
}
