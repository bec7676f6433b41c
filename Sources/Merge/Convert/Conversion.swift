public import Checkpoint
public import Diagnostics
import FileIO
import GGUF
import StrictJSON
public import TensorCore

/// Converts a GGUF file, or another Hugging Face directory, to a Hugging Face directory.
///
/// Streams in row blocks; the output directory appears whole or not at all.
public struct Conversion: Sendable {
  /// A GGUF file, or a directory with config.json and safetensors weights.
  public var input: String
  /// The directory to make.
  public var output: String
  /// The type of the weights; nil for bf16 out of a GGUF file, unchanged out of a directory.
  public var dtype: DType?
  /// The bytes of weights that one file may hold.
  public var shardByteLimit = 5_000_000_000
  /// How to lay out the experts of a mixture; nil keeps what the directory has.
  public var experts: ExpertLayout?
  /// Whether to write an InternLM2 model as Llama.
  public var asLlama = false
  /// Whether an existing output directory may be replaced.
  public var replacesOutput = false

  /// Describes a conversion.
  public init(input: String, output: String, dtype: DType? = nil) {
    self.input = input
    self.output = output
    self.dtype = dtype
  }

  /// What was written.
  public struct Summary: Sendable {
    /// The directory.
    public var output: String
    /// The number of tensors.
    public var tensorCount: Int
    /// The bytes of all tensors.
    public var byteCount: Int
    /// The files, with sizes and hashes.
    public var files: [FileRecord]
    /// Tensors that were left out, each with the reason.
    public var dropped: [(tensor: String, reason: String)]
    /// What a user should know.
    public var notes: [String]
  }

  /// Runs the conversion.
  ///
  /// - Parameter progress: called with the bytes of tensors written so far and in all.
  /// - Throws: ``GraftError`` if an input is broken or cannot be converted, or the output cannot be
  ///   written; nothing stays under its name then.
  public func run(progress: (Int, Int) -> Void = { _, _ in }) throws(GraftError) -> Summary {
    try checkType()
    return directoryExists(input)
      ? try convertDirectory(progress) : try convertGGUF(progress)
  }

  private func convertGGUF(_ progress: (Int, Int) -> Void) throws(GraftError) -> Summary {
    let gguf = try GGUFFile(input)
    let dtype = dtype ?? .bf16
    let model = try GGUFModel(gguf, dtype: dtype)
    let tokenizer = try GGUFTokenizer(gguf)
    let planned = try plan(model)
    let directory = try OutputDirectory(output, replacing: replacesOutput, inputs: [input])
    let hashes = InputHashes([input])
    var records = try writeTensors(
      planned, to: directory, shardByteLimit: shardByteLimit, hashing: hashes, progress: progress)
    var texts = tokenizer.files
    texts.append(("config.json", JSONValue.object(model.config.json).text(.pretty) + "\n"))
    texts.append(("generation_config.json", tokenizer.generation.text(.pretty) + "\n"))
    for (name, text) in texts {
      records.append(FileRecord(name: name, seal: try directory.write(text, to: name)))
    }
    let inputs = [try Provenance.input(input, hashes: hashes)]
    return try seal(
      records, planned, model.ledger, inputs, notes: model.notes, dtype: dtype, in: directory)
  }

  private func convertDirectory(_ progress: (Int, Int) -> Void) throws(GraftError) -> Summary {
    let model = try ModelDirectory(input)
    let (planned, ledger) = try plan(model)
    let beside = try DirectoryContents(input, weights: model.store.files)
    let directory = try OutputDirectory(output, replacing: replacesOutput, inputs: [input])
    let hashes = InputHashes(model.store.files)
    var records = try writeTensors(
      planned, to: directory, shardByteLimit: shardByteLimit, hashing: hashes, progress: progress)
    for name in beside.copied {
      records.append(try directory.copy("\(input)/\(name)", to: name))
    }
    let config =
      asLlama ? ModelConfig(try LlamaConversion.members(model.config), file: input) : model.config
    records.append(try writeConfig(config, in: directory))
    let read = model.store.files.map { splitPath($0).name } + ["config.json"] + beside.copied
    let inputs = [try Provenance.input(input, files: read, hashes: hashes)]
    return try seal(
      records, planned, ledger, inputs, notes: beside.notes + notes(model), dtype: dtype,
      in: directory)
  }

  /// Every tensor of a directory: as it is, in another type, or with experts in another layout.
  func plan(
    _ model: ModelDirectory
  ) throws(GraftError) -> (tensors: [PlannedTensor], ledger: Ledger) {
    var turned: [String: [ExpertConversion.Entry]] = [:]
    var consumed: Set<String> = []
    if let experts {
      let conversion = try ExpertConversion(model, to: experts)
      (turned, consumed) = (conversion.entries, conversion.consumed)
    }
    if asLlama {
      let conversion = try LlamaConversion(model)
      (turned, consumed) = (conversion.entries, conversion.consumed)
    }
    var entries: [ExpertConversion.Entry] = []
    for source in model.store.inFileOrder {
      let name = source.spec.name
      entries += turned[name] ?? []
      if !consumed.contains(name) {
        let origin = Ledger.Origin.tensor(Ledger.Reference(source), how: "copied")
        entries.append(ExpertConversion.Entry(source: source, origin: origin))
      }
    }
    var ledger = Ledger(
      expecting: entries.map {
        ExpectedTensor(name: $0.source.spec.name, shape: $0.source.spec.shape, kind: .other)
      })
    for source in model.store.inFileOrder { ledger.read(source) }
    var planned: [PlannedTensor] = []
    for (source, origin) in entries.map({ ($0.source, $0.origin) }) {
      let name = source.spec.name
      let target = source.spec.dtype.isFloatingPoint ? dtype : nil
      let isCopied = target == nil || target == source.spec.dtype
      planned.append(
        isCopied
          ? try PlannedTensor(copying: source, as: name)
          : try PlannedTensor(rounding: source, as: name, to: target ?? source.spec.dtype))
      let rounded = "rounded once from \(source.spec.dtype.rawValue)"
      try ledger.assign(name, from: isCopied ? origin : origin.adding(rounded))
    }
    try ledger.check(place: input)
    return (planned, ledger)
  }

  /// config.json with the new type under the key that it had, everything else as it was.
  private func writeConfig(
    _ config: ModelConfig, in directory: OutputDirectory
  ) throws(GraftError) -> FileRecord {
    let name = "config.json"
    var json = experts == .perExpert ? config.readableByTransformers4 : config.json
    if let dtype {
      json[json["dtype"] == nil ? "torch_dtype" : "dtype"] = .string(dtype.torchName)
    } else if !asLlama, json == config.json {
      return try directory.copy("\(input)/\(name)", to: name)
    }
    let text = JSONValue.object(json).text(.pretty) + "\n"
    return FileRecord(name: name, seal: try directory.write(text, to: name))
  }

  private func seal(
    _ records: [FileRecord], _ planned: [PlannedTensor], _ ledger: Ledger,
    _ inputs: [(path: String, files: [FileRecord])], notes: [String], dtype: DType?,
    in directory: OutputDirectory
  ) throws(GraftError) -> Summary {
    var settings = JSONObject()
    settings["dtype"] = dtype.map { .string($0.torchName) } ?? .null
    if asLlama { settings["layout"] = "llama" }
    if let experts { settings["experts"] = .string(experts.rawValue) }
    settings["shard_size"] = JSONValue(shardByteLimit)
    try Provenance(command: "convert", settings: settings, inputs: inputs, ledger: ledger)
      .seal(records, in: directory)
    try directory.commit()
    return Summary(
      output: directory.path, tensorCount: planned.count,
      byteCount: planned.reduce(0) { $0 + $1.spec.byteCount }, files: records,
      dropped: ledger.dropped.map { ($0.tensor.tensor, $0.reason) }, notes: notes)
  }
}
