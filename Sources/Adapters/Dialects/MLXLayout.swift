import Checkpoint
import Diagnostics
import StrictJSON
import TensorCore

/// An adapter as mlx-lm stores it: one rank and one scale for all, the same modules in each of the
/// last layers.
///
/// A pair of a lower rank is padded with zeros, another scale goes into B, and a layer that lacks
/// a module gets zeros: MLX loads without checking, and would keep a fresh factor there.
struct MLXLayout {
  var tensors: [any TensorSource] = []
  var config = JSONValue.null
  var notes: [String] = []

  init(_ plan: AdapterPlan, base: ModelDirectory?) throws(GraftError) {
    let pairs = try DialectPair.all(of: plan, base: base, for: .mlx)
    guard let first = pairs.first else {
      throw .cannotHold(.mlx, "(all)", "has no pair of A and B", file: plan.adapter.path)
    }
    let rank = pairs.map(\.rank).max() ?? first.rank
    // The commonest scale, so that the fewest factors change.
    var counts: [Double: Int] = [:]
    for pair in pairs { counts[pair.scale, default: 0] += 1 }
    let scale = counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? first.scale
    var byLayer: [Int: [String: DialectPair]] = [:]
    var keys: Set<String> = []
    var prefix = ""
    for pair in pairs {
      if let place = LayerPlace(pair.module) {
        byLayer[place.layer, default: [:]][place.rest] = pair
        keys.insert(place.rest)
        prefix = place.prefix
      } else {
        keys.insert(pair.module)
      }
      let (a, b) = DialectPair.padded(
        pair.a, pair.scaledB(by: pair.scale / scale), to: rank)
      append(a, b, pair.module)
      if let magnitude = pair.magnitude {
        tensors.append(RenamedSource(magnitude, as: pair.module + ".m"))
      }
    }
    let decomposed = pairs.count { $0.magnitude != nil }
    guard decomposed == 0 || decomposed == pairs.count else {
      throw .cannotHold(.mlx, first.module, "mixes LoRA and DoRA", file: plan.adapter.path)
    }
    let layers = try Self.layerCount(byLayer.keys.max(), plan, base)
    let start = byLayer.keys.min() ?? layers
    for layer in start..<max(start, layers) {
      for key in keys.sorted() where byLayer[layer]?[key] == nil {
        guard let like = byLayer.values.lazy.compactMap({ $0[key] }).first else { continue }
        guard decomposed == 0 else {
          throw .cannotHold(
            .mlx, "\(prefix)\(layer).\(key)", "is left out by DoRA in one layer of several",
            file: plan.adapter.path)
        }
        appendZeros(like, "\(prefix)\(layer).\(key)", rank)
      }
    }
    let folded = pairs.count { $0.scale != scale }
    if folded > 0 { notes.append("\(folded) scales were folded into lora_b, as float32") }
    let padded = pairs.count { $0.rank != rank }
    if padded > 0 { notes.append("\(padded) pairs were padded with zeros to rank \(rank)") }
    var parameters = JSONObject()
    parameters["rank"] = JSONValue(rank)
    parameters["scale"] = JSONValue(scale)
    parameters["dropout"] = JSONValue(plan.adapter.config.dropout)
    parameters["keys"] = .array(keys.sorted().map { .string($0) })
    var members = JSONObject()
    members["fine_tune_type"] = decomposed > 0 ? "dora" : "lora"
    if let model = plan.adapter.config.baseModel { members["model"] = .string(model) }
    members["num_layers"] = JSONValue(layers - min(start, layers))
    members["lora_parameters"] = .object(parameters)
    config = .object(members)
  }

  private mutating func append(_ a: any TensorSource, _ b: any TensorSource, _ module: String) {
    tensors.append(TransposedSource(a, as: module + ".lora_a"))
    tensors.append(TransposedSource(b, as: module + ".lora_b"))
  }

  private mutating func appendZeros(_ like: DialectPair, _ module: String, _ rank: Int) {
    let (a, b) = DialectPair.padded(like.a, like.b, to: rank)
    for (source, ending) in [(a, ".lora_a"), (b, ".lora_b")] {
      let count = source.spec.elementCount
      let zeros = ComputedSource(
        spec: TensorSpec(
          name: source.spec.name, dtype: source.spec.dtype, shape: source.spec.shape),
        original: source
      ) { [Float](repeating: 0, count: count) }
      tensors.append(TransposedSource(zeros, as: module + ending))
    }
    if !notes.contains(where: { $0.hasPrefix("modules") }) {
      notes.append("modules that the adapter leaves out in some layers were written as zeros")
    }
  }

  /// The number of layers of the base.
  private static func layerCount(
    _ last: Int?, _ plan: AdapterPlan, _ base: ModelDirectory?
  ) throws(GraftError) -> Int {
    if let base { return try base.config.layerCount }
    guard plan.adapter.config.layers == nil, case .names = plan.adapter.config.targetModules else {
      throw .dialectNeedsBase(.mlx, "the number of layers must be known: MLX counts from the last")
    }
    return (last ?? -1) + 1
  }
}
