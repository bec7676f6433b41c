import Checkpoint
import Diagnostics
import FileIO
import Heads
import StrictJSON
import TensorCore

extension Gathering {
  /// What wrappers put in front of a model's names, and between them.
  private static let wrappers = [
    "module.", "_orig_mod.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module.",
    "_forward_module.", "pretrained_model.",
  ]

  /// Plans a model directory.
  mutating func planModel() throws(GraftError) {
    for parameter in checkpoint.parameters {
      let name = Self.unwrapped(parameter.source.spec.name)
      add(RenamedSource(parameter.source, as: name), as: name, beside: name.hasPrefix("v_head."))
    }
    try addSaved()
    let base = try options.base.map { (path) throws(GraftError) in try ModelDirectory(path) }
    if let base { addFromBase(base) }
    for absent in checkpoint.absent {
      let name = Self.unwrapped(absent.name)
      guard !entries.contains(where: { $0.name == name }) else { continue }
      throw .parameterAbsent(absent)
    }
    let name = "config.json"
    let directories = configDirectories + (options.base.map { [$0] } ?? [])
    guard let directory = directories.first(where: { fileExists("\($0)/\(name)") }) else {
      if let made = checkpoint.configuration {
        return try resolve(ModelConfig(made, file: checkpoint.layout.directory))
      }
      findings.append(.warning(.noModelConfig(checkpoint.layout.directory)))
      return
    }
    sideDirectory = directory
    try resolve(try ModelConfig(directory: directory))
  }

  /// Adds the base's tensors that neither shards nor saved weights have.
  private mutating func addFromBase(_ base: ModelDirectory) {
    let known = Set(entries.map(\.name))
    let hasHead = entries.contains { $0.name == "score.weight" }
    let lacking = base.store.inFileOrder.filter {
      !known.contains($0.spec.name) && !(hasHead && $0.spec.name == base.names.outputName)
    }
    for source in lacking {
      entries.append(
        Entry(name: source.spec.name, source: source, how: "copied from the base, unchanged"))
    }
    if !lacking.isEmpty {
      findings.append(.note(.fromBase(lacking.map(\.spec.name), base: base.path)))
    }
  }

  /// Holds the tensors against the family's table, and makes the configuration of what they are.
  private mutating func resolve(_ config: ModelConfig) throws(GraftError) {
    // Heads that no class of transformers reads stand beside what the family expects.
    let extra = entries.filter { entry in
      entry.isBeside
        || HeadKind.all.contains { !$0.isStandard && entry.name.hasPrefix($0.module + ".") }
    }
    let extraNames = Set(extra.map(\.name))
    var sources: [any TensorSource] = []
    for entry in entries where !extraNames.contains(entry.name) {
      sources.append(RenamedSource(entry.source, as: entry.name))
    }
    let hows = Dictionary(entries.map { ($0.name, $0.how) }) { first, _ in first }
    let model = ModelDirectory(
      checkpoint.layout.directory, config: config,
      store: try TensorStore(sources, files: checkpoint.files))
    var role = model.savedRole
    if let labels = model.store["score.weight"]?.spec.shape.first {
      if case .tokenClassifier = role {} else { role = .sequenceClassifier(labels: labels) }
    }
    let resolved = try model.resolve(as: role)
    findings += resolved.findings
    let taken = Set(resolved.tensors.map(\.source.spec.name))
    let reasons = Dictionary(resolved.ledger.dropped.map { ($0.tensor, $0.reason) }) { a, _ in a }
    for source in sources where !taken.contains(source.spec.name) {
      drop(source, reasons[Ledger.Reference(source)] ?? "not part of the model")
    }
    entries = resolved.tensors.map {
      Entry(
        name: $0.expected.name, source: $0.source, how: hows[$0.source.spec.name] ?? "copied")
    }
    entries += extra
    var members = config.json
    if case .sequenceClassifier(let labels) = role {
      members = config.classifierMembers(
        className: try model.className(for: role), labels: labels)
    }
    let types = Set(entries.map { written($0.source) }.filter(\.isFloatingPoint))
    if let only = types.first, types.count == 1 {
      let key = members["torch_dtype"] != nil && members["dtype"] == nil ? "torch_dtype" : "dtype"
      members[key] = .string(only.torchName)
    }
    self.config = .made(members, name: "config.json")
  }

  private static func unwrapped(_ name: String) -> String {
    var rest = name[...]
    while let wrapper = wrappers.first(where: { rest.hasPrefix($0) }) {
      rest = rest.dropFirst(wrapper.count)
    }
    let between = wrappers.map { $0.dropLast() }.filter { $0.hasPrefix("_") }
    guard rest.contains("._") else { return String(rest) }
    return rest.split(separator: ".", omittingEmptySubsequences: false)
      .filter { !between.contains($0) }.joined(separator: ".")
  }
}
