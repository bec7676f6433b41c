import Adapters
import Diagnostics
import StrictJSON
import TensorCore

extension AdapterConfig {
  /// What the tensors of a LoRA adapter say about their configuration; alpha they do not.
  ///
  /// - Throws: ``GraftError`` if they are of another kind.
  init(
    gathered tensors: [(name: String, spec: TensorSpec)], alpha: Double, base: String?,
    place: String
  ) throws(GraftError) {
    var ranks: [String: Int] = [:]
    var saved: Set<String> = []
    var usesMagnitudes = false
    let prefix = AdapterWriter.prefix
    for (name, spec) in tensors {
      let parts = name.dropFirst(name.hasPrefix(prefix) ? prefix.count : 0)
        .split(separator: ".").map(String.init)
      if let mark = parts.firstIndex(where: { ["lora_A", "lora_embedding_A"].contains($0) }) {
        ranks[parts[..<mark].joined(separator: ".")] = spec.shape.first ?? 0
      } else if parts.contains("lora_magnitude_vector") {
        usesMagnitudes = true
      } else if !parts.contains(where: { $0.hasPrefix("lora_") }), parts.count > 1 {
        saved.insert(parts[parts.count - 2])
      }
    }
    let counts = Dictionary(grouping: ranks.values) { $0 }.mapValues(\.count)
    guard let rank = counts.max(by: { ($0.value, $1.key) < ($1.value, $0.key) })?.key, rank > 0
    else { throw .configNotRebuilt(place) }
    self.init(
      rank: rank, alpha: alpha, targetModules: Self.targets(Array(ranks.keys)),
      modulesToSave: saved.sorted(), taskType: saved.contains("score") ? "SEQ_CLS" : "CAUSAL_LM",
      baseModel: base)
    rankPattern = ranks.filter { $0.value != rank }.sorted { $0.key < $1.key }.map {
      PatternValue($0.key, $0.value)
    }
    if usesMagnitudes { json["use_dora"] = true }
  }

  /// The modules by their last names, where every layer has the same ones; else by their paths.
  private static func targets(_ modules: [String]) -> [String] {
    var ends: [String: Set<String>] = [:]
    for module in modules {
      let parts = module.split(separator: ".").map(String.init)
      let layer = parts.lastIndex { Int($0) != nil }.map { parts[...$0].joined(separator: ".") }
      ends[layer ?? "", default: []].insert(parts.last ?? module)
    }
    guard Set(ends.values).count == 1, let names = ends.values.first else {
      return modules.sorted()
    }
    return names.sorted()
  }
}
