import Checkpoint
import Diagnostics
import FileIO
import TensorCore
import TorchArchive

/// Universal checkpoints: a directory for each parameter, with its values whole.
///
/// Source: DeepSpeed 0.19 `ds_to_universal.py`.
extension ZeroReader {
  func addUniversal(to build: inout ZeroBuild) throws(GraftError) {
    let folder = "\(layout.directory)/zero"
    let listed = Array(model.shapes.joined())
    let known = Set(listed.map(\.name))
    var expected = 0
    var stored = 0
    for parameter in listed {
      let file = "\(folder)/\(parameter.name)/fp32.pt"
      guard !parameter.name.contains("/"), fileExists(file) else {
        throw .universalMissing(parameter.name, directory: folder)
      }
      let source = try Self.value(file, named: parameter.name)
      stored += source.spec.elementCount
      expected += parameter.count
      build.add(
        try PiecewiseSource(
          [.init(source)], name: parameter.name, dtype: source.spec.dtype, shape: parameter.shape,
          file: file), .trained)
      build.files.append(file)
    }
    build.accounts.append(
      ShardAccount(
        file: folder, rank: 0, part: "parameters", expected: expected, read: stored, padding: 0,
        stored: stored))
    let frozen = Set((model.frozen ?? []).map(\.name))
    for name in try directoryEntries(folder) where !known.contains(name) {
      let file = "\(folder)/\(name)/fp32.pt"
      guard fileExists(file), !frozen.contains(name), !model.buffers.contains(name),
        !model.shared.contains(where: { $0.alias == name })
      else { continue }
      build.add(try Self.value(file, named: name), listed.isEmpty ? .unknown : .frozen)
      build.files.append(file)
    }
  }

  private static func value(_ file: String, named name: String) throws(GraftError) -> TorchSource {
    let archive = try TorchFile(file)
    guard let tensor = archive.root.tensor ?? archive.root["param"]?.tensor else {
      throw .shardLacks("param", file: file)
    }
    return try TorchSource(tensor, named: name, in: archive)
  }
}
