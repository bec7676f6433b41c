import Adapters
import Checkpoint
import Diagnostics
import FileIO
import Heads
import StrictJSON
import TensorCore

extension Gathering {
  /// Plans an adapter directory out of the model that PEFT had wrapped.
  mutating func planAdapter() throws(GraftError) {
    let chosen = try trainedAdapter()
    let savesBiases = try adapterConfig().map { $0.config.bias != .none } ?? false
    var others: [String] = []
    for parameter in checkpoint.parameters {
      let source = parameter.source
      switch WrappedName(source.spec.name) {
      case .saved(let name, let adapter):
        if let adapter, let chosen, adapter != chosen {
          drop(source, "of the adapter '\(adapter)', which was not trained")
        } else {
          add(source, as: name)
        }
      case .untrainedCopy: drop(source, "the copy from before the training")
      case .base(let name): addBase(parameter, named: name, savesBiases: savesBiases, &others)
      }
    }
    if !others.isEmpty { findings.append(.note(.baseTrained(others))) }
    try addSaved()
    for absent in checkpoint.absent {
      guard case .saved(let name, _) = WrappedName(absent.name),
        !entries.contains(where: { $0.name == name })
      else { continue }
      throw .parameterAbsent(absent)
    }
    guard entries.contains(where: { !$0.isBeside }) else {
      throw .noAdapterParameters(checkpoint.layout.directory)
    }
    entries.sort { $0.name < $1.name }
    try chooseAdapterConfig()
    sideDirectory = configDirectories.first { fileExists("\($0)/adapter_config.json") }
  }

  /// A parameter of the base: left out unless the run changed it, or it is a head, which no base of
  /// another kind has.
  private mutating func addBase(
    _ parameter: ShardedCheckpoint.Parameter, named name: String, savesBiases: Bool,
    _ others: inout [String]
  ) {
    let source = parameter.source
    if name.hasPrefix("v_head.") {
      return add(RenamedSource(source, as: name), as: name, beside: true)
    }
    let isHead = HeadKind.all.contains { name.hasPrefix($0.module + ".") }
    let isSavedBias = parameter.role == .unknown && savesBiases && name.hasSuffix(".bias")
    if isHead || isSavedBias || parameter.role == .trained {
      if !isHead { others.append(name) }
      add(source, as: AdapterWriter.replacementName(for: name))
    } else {
      drop(source, "the base model's own, which was not trained")
    }
  }

  /// The name of the adapter that was trained.
  private func trainedAdapter() throws(GraftError) -> String? {
    var trained: Set<String> = []
    var all: Set<String> = []
    for parameter in checkpoint.parameters {
      guard case .saved(_, let adapter?) = WrappedName(parameter.source.spec.name) else { continue }
      all.insert(adapter)
      if parameter.role == .trained { trained.insert(adapter) }
    }
    let found = trained.isEmpty ? all : trained
    if found.count > 1, !found.contains("default") || trained.count > 1 {
      throw .severalAdapters(found.sorted(), file: checkpoint.layout.directory)
    }
    return found.count > 1 ? "default" : found.first
  }

  /// The adapter_config.json beside the shards, or where the user says.
  private func adapterConfig() throws(GraftError) -> (config: AdapterConfig, directory: String)? {
    let directory = configDirectories.first { fileExists("\($0)/adapter_config.json") }
    guard let directory else { return nil }
    return (try AdapterConfig(directory: directory), directory)
  }

  /// Takes adapter_config.json from beside the shards, or makes one from the tensors; then holds the
  /// tensors against it.
  private mutating func chooseAdapterConfig() throws(GraftError) {
    let config: AdapterConfig
    let name = "adapter_config.json"
    if let (found, directory) = try adapterConfig() {
      config = found
      self.config = .copied("\(directory)/\(name)", name: name)
    } else {
      guard let alpha = options.alpha else { throw .alphaUnknown(checkpoint.layout.directory) }
      config = try AdapterConfig(
        gathered: entries.filter { !$0.isBeside }.map { ($0.name, $0.source.spec) }, alpha: alpha,
        base: options.base, place: checkpoint.layout.directory)
      self.config = .made(config.written, name: name)
      findings.append(.note(.configRebuilt(config.rank, alpha: alpha)))
    }
    var tensors: [any TensorSource] = []
    for entry in entries where !entry.isBeside {
      tensors.append(RenamedSource(entry.source, as: entry.name))
    }
    let adapter = Adapter(
      path: checkpoint.layout.directory, config: config,
      store: try TensorStore(tensors, files: checkpoint.files))
    let base = try options.base.map { (path) throws(GraftError) in try ModelDirectory(path) }
    let plan = AdapterPlan(
      adapter, base: base.map { $0.store.inFileOrder.map(\.spec) } ?? adapter.impliedBase)
    if let problem = plan.findings.first(where: { $0.severity == .problem }) {
      throw problem.detail
    }
    findings += plan.findings.filter { $0.severity == .warning }
  }
}
