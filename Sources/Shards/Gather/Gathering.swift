import Adapters
public import Checkpoint
public import Diagnostics
import FileIO
import StrictJSON
public import TensorCore

/// A sharded checkpoint as the model or adapter directory that it will be: every tensor to write has
/// an origin, every tensor that was read a fate.
public struct Gathering: Sendable {
  /// What a user may choose.
  public struct Options: Sendable {
    /// The directory of the shards, where it is not found by the path alone.
    public var shards: String?
    /// The base model: brings what the trainer did not save, and its config.json.
    public var base: String?
    /// A directory with the configuration and the tokenizer.
    public var config: String?
    /// Which weights to take where there are two kinds.
    public var weights = ShardedCheckpoint.Weights.master
    /// The type to write; nil keeps what is there.
    public var dtype: DType?
    /// `lora_alpha`, where no configuration says it.
    public var alpha: Double?
    /// The bytes of weights that one file may hold.
    public var shardByteLimit = 5_000_000_000

    /// Chooses nothing.
    public init() {}
  }

  /// A tensor to write.
  public struct Entry: Sendable {
    /// Its name in the output.
    public var name: String
    /// Where it comes from.
    public var source: any TensorSource
    /// What was done, in words.
    public var how: String
    /// Whether it goes into `value_head.safetensors`.
    public var isBeside = false
  }

  /// The configuration of the output.
  enum Config: Sendable {
    case copied(String, name: String)
    case made(JSONObject, name: String)
  }

  /// What was gathered.
  public let checkpoint: ShardedCheckpoint
  /// Whether the output is an adapter.
  public let isAdapter: Bool
  /// The tensors to write.
  public internal(set) var entries: [Entry] = []
  /// What is worth knowing.
  public internal(set) var findings: [Finding]
  let path: String
  let options: Options
  var dropped: [(source: any TensorSource, reason: String)] = []
  var config: Config?
  /// The directory whose tokenizer goes along.
  var sideDirectory: String?
  /// The weights that were saved beside the shards, perhaps broken.
  var saved: SavedWeights?

  /// Plans the output.
  ///
  /// - Parameter path: a checkpoint of shards, or a directory of a model or an adapter that was
  ///   saved from one and lacks values.
  /// - Throws: ``GraftError`` if the shards are incomplete or contradict each other, or a tensor of
  ///   the output would have no values.
  public init(_ path: String, _ options: Options = Options()) throws(GraftError) {
    self.path = path
    self.options = options
    let place = try ShardSearch.place(for: path, given: options.shards)
    checkpoint = try ShardedCheckpoint(
      place, weights: options.weights, config: try Self.config(options, path: path, place: place))
    findings = checkpoint.findings
    let saved = try SavedWeights(in: path)
    self.saved = saved
    isAdapter =
      saved?.isAdapter == true
      || checkpoint.parameters.contains {
        if case .saved = WrappedName($0.source.spec.name) { true } else { false }
      }
    if isAdapter { try planAdapter() } else { try planModel() }
  }

  /// The configuration that says how model-parallel ranks were cut, if there is one.
  private static func config(
    _ options: Options, path: String, place: String
  ) throws(GraftError) -> ModelConfig? {
    let directories = [options.config, options.base, path, place].compactMap(\.self)
    guard let directory = directories.first(where: { fileExists("\($0)/config.json") }) else {
      return nil
    }
    return try ModelConfig(directory: directory)
  }

  /// The directories that may hold a configuration, the likeliest first.
  var configDirectories: [String] {
    if let config = options.config { return [config] }
    let step = checkpoint.layout.directory
    return [path, step, splitPath(step).parent]
  }

  /// Adds a tensor of the shards, or, where these have none of this name, of the saved weights.
  mutating func add(_ source: any TensorSource, as name: String, beside: Bool = false) {
    let files = Set(Ledger.Reference.all(of: source).map(\.file)).count
    let how = files > 1 ? "joined from the parts in \(files) files" : "copied"
    entries.append(Entry(name: name, source: source, how: how, isBeside: beside))
  }

  /// Leaves a tensor out.
  mutating func drop(_ source: any TensorSource, _ reason: String) {
    dropped.append((source, reason))
  }

  /// Fills what the shards lack out of the weights saved beside them, and holds the two against
  /// each other where both have values.
  mutating func addSaved() throws(GraftError) {
    guard let saved else { return }
    let known = Dictionary(entries.enumerated().map { ($1.name, $0) }) { first, _ in first }
    var rescued = 0
    for source in saved.store.inFileOrder {
      let name = source.spec.name
      guard let place = known[name] else {
        guard !saved.isEmpty(source) else { throw .emptyEverywhere(name, file: source.file) }
        entries.append(Entry(name: name, source: source, how: "copied from the saved weights"))
        continue
      }
      if saved.isEmpty(source) {
        rescued += 1
        drop(source, "it has no values; they are in the shards")
        continue
      }
      if !(try saved.agrees(source, with: entries[place].source)) {
        findings.append(
          .warning(.savedDiffers(name, file: source.file, shards: checkpoint.layout.directory)))
      }
      drop(source, "the shards have it at full precision")
    }
    if rescued > 0 {
      findings.append(
        .note(.rescued(rescued, of: saved.store.names.count, file: saved.store.files)))
    }
  }

  /// The checked account of what is written.
  func ledger() throws(GraftError) -> Ledger {
    var ledger = Ledger(
      expecting: entries.map {
        ExpectedTensor(name: $0.name, shape: $0.source.spec.shape, kind: .other)
      })
    for (source, _) in dropped { ledger.read(source) }
    for (source, reason) in dropped {
      for reference in [Ledger.Reference(source)] + Ledger.Reference.all(of: source) {
        ledger.settle(reference, .dropped(reason: reason))
      }
    }
    for entry in entries {
      let references = Ledger.Reference.all(of: entry.source)
      var origin = Ledger.Origin.computed(references, how: entry.how)
      if references.count == 1 { origin = .tensor(references[0], how: entry.how) }
      if written(entry.source) != entry.source.spec.dtype {
        origin = origin.adding("rounded once from \(entry.source.spec.dtype.rawValue)")
      }
      try ledger.assign(entry.name, from: origin)
    }
    try ledger.check(place: checkpoint.layout.directory)
    return ledger
  }

  /// The type in which a tensor is written.
  func written(_ source: any TensorSource) -> DType {
    let own = source.spec.dtype
    return own.isFloatingPoint ? options.dtype ?? own : own
  }
}
