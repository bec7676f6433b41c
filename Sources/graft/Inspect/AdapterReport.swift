import Adapters
import Checkpoint
import Diagnostics
import FileIO
import Heads
import StrictJSON
import TensorCore

/// What an adapter directory holds.
struct AdapterReport {
  let adapter: Adapter
  let parameterCount: Int
  let types: [DType]
  let ranks: [Int]
  let scales: [Double]
  let pairCount: Int
  /// Heads that the adapter carries, or that lie in a file beside it.
  let heads: [Head]
  /// What was measured of each of the heads.
  let statistics: [HeadStatistics]
  private(set) var findings: [Finding]

  /// Checks the adapter by itself, without a base.
  init(_ adapter: Adapter) throws(GraftError) {
    self.adapter = adapter
    let specs = adapter.store.inFileOrder.map(\.spec)
    parameterCount = specs.reduce(0) { $0 + $1.elementCount }
    types = Set(specs.map(\.dtype)).sorted { $0.rawValue < $1.rawValue }
    let plan = AdapterPlan(adapter.alone, base: adapter.impliedBase)
    let deltas = plan.lowRankDeltas
    ranks = Set(deltas.map(\.rank)).sorted()
    scales = Set(deltas.map(\.scale)).sorted()
    pairCount = deltas.count
    let beside = try Head.beside(adapter.path)
    heads = Head.all(in: plan.replacements) + beside
    var measured: [HeadStatistics] = []
    for head in heads { measured.append(try HeadStatistics(head)) }
    statistics = measured
    findings = plan.findings + (try plan.auditValues())
    findings += zip(heads, statistics).compactMap { $0.finding($1) }
    if heads.isEmpty, let prefix = try Self.valueHeadPrefix(adapter) {
      findings.append(Finding(.problem, .headNotSaved(prefix, directory: adapter.path)))
    }
  }

  /// What kind of adapter it is, by the names that people use.
  var kind: String {
    let config = adapter.config
    var kind = config.peftType.uppercased() == "LORA" ? "LoRA" : config.peftType
    if config.json["use_dora"]?.bool == true { kind = "DoRA" }
    if config.usesRankStabilizedScale { kind += " (rsLoRA)" }
    return kind
  }

  /// Refuses a merge that would leave a trained head behind.
  static func refuseLostHead(_ adapter: Adapter, base: String) throws(GraftError) {
    if Head.sideFile(in: adapter.path) != nil || Head.sideFile(in: base) != nil { return }
    let hasHead = adapter.store.names.contains { name in
      HeadKind.all.contains { name.contains(".\($0.module).") }
    }
    guard !hasHead else { return }
    if let prefix = try valueHeadPrefix(adapter) {
      throw .headNotSaved(prefix, directory: adapter.path)
    }
    if let model = classifierClass(adapter), directoryExists(base),
      try HeadSearch(try ModelDirectory(base)).heads.isEmpty
    {
      throw .classifierHeadNotSaved(model, file: adapter.config.file ?? adapter.path)
    }
  }

  /// The class with a head that the adapter was trained on, where PEFT recorded it: it does so for
  /// adapters without a task type, whose head it does not save.
  private static func classifierClass(_ adapter: Adapter) -> String? {
    let name = adapter.config.json["auto_mapping"]?["base_model_class"]?.string
    return name.flatMap { $0.hasSuffix("Classification") ? $0 : nil }
  }

  /// The name of the head that OpenRLHF writes into a config.json beside the adapter.
  private static func valueHeadPrefix(_ adapter: Adapter) throws(GraftError) -> String? {
    guard fileExists("\(adapter.path)/config.json") else { return nil }
    return try ModelConfig(directory: adapter.path).json["value_head_prefix"]?.string
  }
}
