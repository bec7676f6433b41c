import Adapters
import Checkpoint
import Diagnostics
import StrictJSON

/// The adapter_config.json of an extracted adapter.
struct ExtractionConfig {
  /// - Parameters:
  ///   - ranks: by the fine-tuned model's tensor names.
  ///   - model: every tensor of the fine-tuned model.
  static func make(
    ranks: [String: Int], whole: [String], hasBias: Bool, ensuresTying: Bool, isTransposed: Bool,
    base: ModelDirectory, finetuned: ModelDirectory
  ) -> AdapterConfig {
    let modules = ranks.keys.map { TensorParts($0).module }.sorted()
    let largest = ranks.values.max() ?? 8
    var config = AdapterConfig(
      rank: largest, alpha: Double(largest),
      targetModules: targets(modules, among: finetuned.store.names),
      taskType: taskType(finetuned), baseModel: base.path)
    let saved = whole.filter { !hasBias || TensorParts($0).parameter != "bias" }
      .map { name in
        let parts = TensorParts(name)
        // PEFT knows an embedding to be tied by this name only.
        return TensorParts.embeddings.contains(parts.leaf) ? parts.leaf : parts.module
      }
    config.modulesToSave = Set(saved).sorted()
    config.bias = hasBias ? .all : .none
    for (name, rank) in ranks.sorted(by: { $0.key < $1.key }) where rank != largest {
      let module = TensorParts(name).module
      config.rankPattern.append(AdapterConfig.PatternValue(module, rank))
      config.alphaPattern.append(AdapterConfig.PatternValue(module, Double(rank)))
    }
    if ensuresTying { config.json["ensure_weight_tying"] = true }
    if isTransposed { config.json["fan_in_fan_out"] = true }
    return config
  }

  /// Last components where every module of that name is meant, else whole paths.
  private static func targets(_ modules: [String], among names: [String]) -> [String] {
    let meant = Set(modules)
    var counts: [String: Int] = [:]
    for name in names {
      let parts = TensorParts(name)
      if parts.parameter == "weight" { counts[parts.leaf, default: 0] += 1 }
    }
    var found: [String: Int] = [:]
    for module in meant { found[TensorParts(module + ".weight").leaf, default: 0] += 1 }
    var out: Set<String> = []
    for module in meant {
      let leaf = TensorParts(module + ".weight").leaf
      out.insert(found[leaf] == counts[leaf] ? leaf : module)
    }
    return out.sorted()
  }

  private static func taskType(_ model: ModelDirectory) -> String {
    switch model.savedRole {
    case .causal: "CAUSAL_LM"
    case .backbone: "FEATURE_EXTRACTION"
    default: "SEQ_CLS"
    }
  }
}
