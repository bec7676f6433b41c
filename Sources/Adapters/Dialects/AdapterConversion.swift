public import Checkpoint
public import Diagnostics
import FileIO
import StrictJSON
import TensorCore

/// An adapter on its way into the files of another program.
public struct AdapterConversion: Sendable {
  /// The adapter.
  public let adapter: Adapter
  /// The program whose files will be written.
  public let dialect: AdapterDialect
  /// What a user should know, such as factors that were folded into tensors.
  public let notes: [String]
  /// The tensors to write, under the names that the program uses, with the type of each.
  public let tensors: [any TensorSource]
  private let content: Content
  /// The adapters that it was combined from, with the way; or it alone.
  private let parts: [Adapter]
  private let combination: AdapterCombination?

  enum Content: Sendable {
    case peft
    case mlx(JSONValue)
    case gguf(family: String, alpha: Double)
  }

  /// Settles a conversion.
  ///
  /// - Parameter base: the base, where the program needs to know of it.
  /// - Throws: ``GraftError`` if the adapter has problems, or holds what the program cannot.
  public init(
    _ adapter: Adapter, to dialect: AdapterDialect, base: ModelDirectory?
  ) throws(GraftError) {
    try self.init(adapter, of: [adapter], to: dialect, base: base)
  }

  /// Settles the combination of several adapters into one.
  ///
  /// - Throws: ``GraftError`` as for one, and if they cannot be combined so.
  public init(
    combining adapters: [Adapter], by combination: AdapterCombination, to dialect: AdapterDialect,
    base: ModelDirectory?
  ) throws(GraftError) {
    let adapter = try combination.adapter(
      adapters, base: base.map { $0.store.inFileOrder.map(\.spec) })
    try self.init(adapter, of: adapters, by: combination, to: dialect, base: base)
  }

  private init(
    _ adapter: Adapter, of parts: [Adapter], by combination: AdapterCombination? = nil,
    to dialect: AdapterDialect, base: ModelDirectory?
  ) throws(GraftError) {
    self.adapter = adapter
    self.parts = parts
    self.combination = combination
    self.dialect = dialect
    let plan = AdapterPlan(
      adapter, base: base.map { $0.store.inFileOrder.map(\.spec) } ?? adapter.impliedBase)
    try AdapterPlan.check(plan.findings + (try plan.auditValues()))
    switch dialect {
    case .peft:
      tensors = adapter.store.inFileOrder
      content = .peft
      notes = []
    case .mlx:
      let layout = try MLXLayout(plan, base: base)
      tensors = layout.tensors
      content = .mlx(layout.config)
      notes = layout.notes
    case .gguf:
      let layout = try GGUFLayout(plan, base: base)
      tensors = layout.tensors
      content = .gguf(family: layout.family, alpha: layout.alpha)
      notes = layout.notes
    }
  }

  /// Writes a directory (PEFT, MLX) that appears whole or not at all, or a file (GGUF) with its
  /// record beside it, as `FILE.graft.json`.
  ///
  /// - Returns: the names of the files, with sizes and hashes.
  public func write(
    to path: String, replacing: Bool = false
  ) throws(GraftError) -> [FileRecord] {
    let inputs = parts.map(\.path)
    if case .gguf(let family, let alpha) = content {
      let record = try provenance()
      let files = try GGUFLayout.write(
        tensors, family: family, alpha: alpha, to: path, replacing: replacing, inputs: inputs)
      return files + [try record.seal(files[0], besideFile: path)]
    }
    let output = try OutputDirectory(path, replacing: replacing, inputs: inputs)
    var records: [FileRecord] = []
    switch content {
    case .peft:
      let seals = try AdapterWriter.write(config: adapter.config, tensors: tensors, to: output)
      records = seals.sorted { $0.key < $1.key }.map { FileRecord(name: $0.key, seal: $0.value) }
    case .mlx(let config):
      let seal = try AdapterWriter.writeTensors(
        tensors, to: output.file(MLXAdapter.weights), metadata: ["format": "mlx"])
      records.append(FileRecord(name: MLXAdapter.weights, seal: seal))
      let text = config.text(.pretty) + "\n"
      records.append(
        FileRecord(
          name: "adapter_config.json", seal: try output.write(text, to: "adapter_config.json")))
    case .gguf: break
    }
    if let path = parts.first?.path, directoryExists(path) {
      for name in try SideFiles.names(in: path) {
        records.append(try output.copy("\(path)/\(name)", to: name))
      }
    }
    try provenance().seal(records, in: output)
    try output.commit()
    return records
  }

  private func provenance() throws(GraftError) -> Provenance {
    var ledger = Ledger(
      expecting: tensors.map {
        ExpectedTensor(name: $0.spec.name, shape: $0.spec.shape, kind: .linear)
      })
    for source in parts.flatMap(\.store.inFileOrder) { ledger.read(source) }
    for tensor in tensors {
      let origins = Ledger.Reference.all(of: tensor)
      let how =
        combination.map { "combined by '\($0.method.rawValue)'" }
        ?? (tensor is ComputedSource ? "scaled or padded with zeros" : "copied or transposed")
      try ledger.assign(tensor.spec.name, from: .computed(origins, how: how))
    }
    try ledger.check(place: adapter.path)
    var settings = JSONObject()
    settings["to"] = .string(dialect.rawValue)
    if let combination { settings["combination"] = combination.json }
    var inputs: [(path: String, files: [FileRecord])] = []
    for part in parts {
      let names = part.store.files.map { splitPath($0).name } + ["adapter_config.json"]
      inputs.append(try Provenance.input(part.path, files: names))
    }
    let command = combination == nil ? "convert" : "combine"
    return Provenance(command: command, settings: settings, inputs: inputs, ledger: ledger)
  }
}
