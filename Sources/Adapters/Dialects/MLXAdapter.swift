import Checkpoint
import Diagnostics
import FileIO
import StrictJSON
import TensorCore

/// An MLX adapter, read as PEFT would have written it: the factors are stored transposed there,
/// and `scale` multiplies B · A as it is.
///
/// Source: mlx-lm `tuner/utils.py`, `tuner/lora.py` and `tuner/dora.py`.
struct MLXAdapter {
  static let weights = "adapters.safetensors"

  var config: AdapterConfig
  var tensors: [any TensorSource] = []

  init(_ directory: String) throws(GraftError) {
    let file = "\(directory)/adapter_config.json"
    guard fileExists(file) else { throw .adapterConfigMissing(directory) }
    let json = try JSONValue.parse(
      try readFile(file, limit: 16 << 20), file: file, allowingNonFinite: true)
    let type = json["fine_tune_type"]?.string ?? "lora"
    guard type != "full" else { throw .mlxFullTuning(file) }
    guard type == "lora" || type == "dora" else { throw .mlxTuningType(type, file: file) }
    let settings = json["lora_parameters"]
    guard let rank = settings?["rank"]?.int, (1...(1 << 20)).contains(rank) else {
      throw .mlxKey("lora_parameters.rank", expected: "whole number of at least 1", file: file)
    }
    guard let scale = settings?["scale"]?.double, scale.isFinite else {
      throw .mlxKey("lora_parameters.scale", expected: "finite number", file: file)
    }
    let archive = "\(directory)/\(Self.weights)"
    var modules: Set<String> = []
    for source in try TensorStore(safetensors: archive).inFileOrder {
      let (module, tensor) = try Self.read(source)
      modules.insert(module)
      if source.spec.shape.count == 1, type == "lora" {
        throw .mlxMagnitude(source.spec.name, file: archive)
      }
      tensors.append(tensor)
    }
    guard !tensors.isEmpty else { throw .adapterEmpty(archive) }
    try Self.checkComplete(
      modules, keys: settings?["keys"]?.array?.compactMap(\.string),
      layers: json["num_layers"]?.int, file: archive)
    config = AdapterConfig(
      rank: rank, alpha: scale * Double(rank), targetModules: modules.sorted(),
      dropout: settings?["dropout"]?.double ?? 0, baseModel: json["model"]?.string)
    config.file = file
    if type == "dora" { config.json["use_dora"] = true }
    // PEFT's own reading of the members, so that nothing is understood in two ways.
    config = try AdapterConfig(config.written, file: file)
  }

  /// The module that a tensor belongs to, and the tensor under PEFT's name.
  private static func read(
    _ source: any TensorSource
  ) throws(GraftError) -> (module: String, any TensorSource) {
    let spec = source.spec
    guard let dot = spec.name.lastIndex(of: "."), spec.dtype.isFloatingPoint else {
      throw .mlxTensor(spec, file: source.file)
    }
    let module = String(spec.name[..<dot])
    let part = spec.name[spec.name.index(after: dot)...]
    let isEmbedding = ["embed_tokens", "wte"].contains(lastComponent(module))
    let name = AdapterWriter.prefix + module
    switch (part, spec.shape.count) {
    case ("lora_a", 2):
      let ending = isEmbedding ? ".lora_embedding_A" : ".lora_A.weight"
      return (module, TransposedSource(source, as: name + ending))
    case ("lora_b", 2):
      let ending = isEmbedding ? ".lora_embedding_B" : ".lora_B.weight"
      return (module, TransposedSource(source, as: name + ending))
    case ("m", 1):
      return (module, RenamedSource(source, as: name + ".lora_magnitude_vector"))
    default: throw .mlxTensor(spec, file: source.file)
    }
  }

  /// The last `layers` blocks have every key; without keys, every block the same ones.
  private static func checkComplete(
    _ modules: Set<String>, keys: [String]?, layers: Int?, file: String
  ) throws(GraftError) {
    var byLayer: [Int: Set<String>] = [:]
    var prefix = ""
    for module in modules {
      guard let place = LayerPlace(module) else { continue }
      byLayer[place.layer, default: []].insert(place.rest)
      prefix = place.prefix
    }
    guard let last = byLayer.keys.max(), let first = byLayer.keys.min() else { return }
    let all = byLayer.values.reduce(into: Set<String>()) { $0.formUnion($1) }
    // Keys that name no module of these blocks have no effect in MLX either.
    let wanted = keys.map { all.intersection($0) } ?? all
    let start = layers.flatMap { $0 > 0 ? max(0, last + 1 - $0) : nil } ?? first
    guard last - start < 10_000 else { return }
    let missing = (min(start, first)...last).flatMap { layer in
      wanted.subtracting(byLayer[layer] ?? []).map { "\(prefix)\(layer).\($0)" }
    }
    if !missing.isEmpty { throw .mlxIncomplete(missing.sorted(), file: file) }
  }
}

/// A module's path with a layer's number in it: `model.layers.`, 3, `self_attn.q_proj`.
struct LayerPlace {
  var prefix: String
  var layer: Int
  var rest: String

  init?(_ module: String) {
    let parts = module.split(separator: ".", omittingEmptySubsequences: false)
    guard let index = parts.firstIndex(where: { Int($0) != nil }), let layer = Int(parts[index]),
      (0..<(1 << 20)).contains(layer)
    else { return nil }
    prefix = parts[..<index].map { $0 + "." }.joined()
    self.layer = layer
    rest = parts[(index + 1)...].joined(separator: ".")
  }
}
