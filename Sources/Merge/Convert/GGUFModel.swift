import Checkpoint
import Diagnostics
import GGUF
import StrictJSON
import TensorCore

/// A GGUF file understood as a language model: its configuration, and an origin for every tensor.
struct GGUFModel {
  var config: ModelConfig
  var ledger: Ledger
  /// The tensors under their Hugging Face names, sorted by name.
  var tensors: [(name: String, source: GGUFSource)]
  /// What a user should know: keys that were not carried over.
  var notes: [String]

  /// Reads metadata and headers, and checks everything that can be checked before a number is
  /// read.
  ///
  /// - Throws: ``GraftError`` if the file is no whole model of a known family, a tensor is missing,
  ///   unexpected, of another shape or of a type that cannot be dequantised, or something that
  ///   config.json needs cannot be derived.
  init(_ gguf: GGUFFile, dtype: DType) throws(GraftError) {
    let family = try Self.family(of: gguf)
    let derived = try GGUFConfig(gguf, family: family, dtype: dtype)
    config = ModelConfig(derived.json, file: gguf.path)
    notes = derived.notes
    guard let architecture = Architecture.named(family.modelType) else {
      throw .unsupportedArchitecture(family.name, file: gguf.path)
    }
    let expected = try architecture.expectedTensors(config, role: .causal)
    ledger = Ledger(expecting: expected)
    var sources: [String: GGUFSource] = [:]
    for tensor in gguf.tensors {
      let head =
        family.headCountKey(of: tensor.name) == nil ? nil : try config.headDimension
      let source = GGUFSource(gguf: gguf, tensor: tensor, pairedRows: head)
      ledger.read(source)
      if tensor.name == GGUFConfig.rotaryFactors {
        ledger.settle(Ledger.Reference(source), .dropped(reason: derived.rotaryFate))
      } else if let name = family.name(of: tensor.name) {
        sources[name] = source
      }
    }
    tensors = []
    for tensor in expected.sorted(by: { $0.name < $1.name }) {
      guard let source = sources[tensor.name] else { continue }
      guard source.spec.shape == tensor.shape else {
        throw .tensorShape(
          source.spec.name, found: source.spec.shape, expected: tensor.shape, file: gguf.path)
      }
      try gguf.requireReadable(source.tensor)
      try ledger.assign(
        tensor.name, from: .tensor(Ledger.Reference(source), how: source.how))
      tensors.append((tensor.name, source))
    }
    try ledger.check(place: gguf.path)
  }

  private static func family(of gguf: GGUFFile) throws(GraftError) -> GGUFFamily {
    if let type = try gguf.optionalString("general.type"), type != "model" {
      throw .unsupportedKind("'\(type)'", file: gguf.path)
    }
    if let parts = try gguf.optionalInt("split.count"), parts > 1 {
      throw .splitFile(parts: parts, file: gguf.path)
    }
    let name = try gguf.string("general.architecture")
    guard let family = GGUFFamily.all.first(where: { $0.name == name }) else {
      throw .unsupportedArchitecture(name, file: gguf.path)
    }
    guard !gguf.tensors.isEmpty else {
      throw .unsupportedKind("a vocabulary without tensors", file: gguf.path)
    }
    return family
  }
}
