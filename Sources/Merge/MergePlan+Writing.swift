import Adapters
public import Checkpoint
public import Diagnostics
import FileIO
import StrictJSON
import TensorCore

extension MergePlan {
  /// What a merge wrote.
  public struct Result: Sendable {
    /// The directory.
    public var directory: String
    /// The weight files and what stands beside them, with sizes and hashes.
    public var files: [FileRecord]
    /// How many tensors the adapter changed or brought.
    public var changedTensors: Int
  }

  /// Writes the merged model: weights, config.json, tokenizer and other side files, graft.json.
  ///
  /// The directory appears whole or not at all.
  ///
  /// - Parameters:
  ///   - path: where to write.
  ///   - replacing: whether an existing directory may be replaced.
  ///   - progress: called with the bytes written so far and in all.
  public func write(
    to path: String, replacing: Bool = false, progress: (Int, Int) -> Void = { _, _ in }
  ) throws(GraftError) -> Result {
    let output = try OutputDirectory(
      path, replacing: replacing, inputs: [base.path] + adapters.map(\.path))
    let hashes = InputHashes(base.store.files + adapters.flatMap(\.store.files))
    var files = try writeTensors(
      tensors, to: output, shardByteLimit: options.shardByteLimit, hashing: hashes,
      progress: progress)
    let config = JSONValue.object(try configMembers()).text(.prettySorted) + "\n"
    files.append(FileRecord(name: "config.json", seal: try output.write(config, to: "config.json")))
    if carried.file != nil {
      var head: [PlannedTensor] = []
      for tensor in carried.tensors {
        head.append(try PlannedTensor(copying: tensor, as: tensor.spec.name))
      }
      files += try writeTensors(head, to: output, stem: "value_head")
    }
    for (name, directory) in try SideFiles.names(
      inBase: base.path, tokenizerFrom: tokenizer, adapters: adapters.map(\.path))
    {
      files.append(try output.copy("\(directory)/\(name)", to: name))
    }
    if options.keepsResidue { files.append(try ResidueWriter.write(self, to: output)) }
    var settings = JSONObject()
    if options.baseIsResidual { settings["base_is_residual"] = true }
    settings["head"] = .string(options.head.rawValue)
    settings["dtype"] = options.dtype.map { .string($0.torchName) } ?? .null
    if !combination.isPlain || adapters.count > 1 { settings["combination"] = combination.json }
    if options.keepsResidue { settings["keep_residue"] = true }
    if options.dequantises { settings["dequantize"] = true }
    let provenance = Provenance(
      command: "merge", settings: settings, inputs: try inputs(hashes), ledger: ledger)
    try refuseOtherBase(provenance.inputs)
    try provenance.seal(files, in: output)
    try output.commit()
    return Result(directory: output.path, files: files, changedTensors: changedTensors)
  }

  /// How many tensors the adapter changes or brings.
  public var changedTensors: Int {
    let brought = adapters.flatMap(\.store.files) + (carried.score.map { [$0.file] } ?? [])
    return tensors.count { tensor in
      switch ledger.origin(of: tensor.spec.name) {
      case .computed: true
      case .tensor(let reference, _): brought.contains(reference.file)
      default: false
      }
    }
  }

  /// Holds the base's weights against those that each adapter's own record names.
  private func refuseOtherBase(
    _ inputs: [(path: String, files: [FileRecord])]
  ) throws(GraftError) {
    guard !options.allowsOtherBase, let own = inputs.first else { return }
    let weights = own.files.filter {
      $0.name.hasSuffix(".safetensors") || $0.name.hasSuffix(".bin")
    }
    for adapter in adapters where directoryExists(adapter.path) {
      let known = try Provenance.inputHashes(of: adapter.path, madeBy: "train")
      guard !known.isEmpty, !weights.isEmpty else { continue }
      if !weights.contains(where: { known.contains($0.seal.sha256) }) {
        throw .otherBase(adapter.path, base: base.path)
      }
    }
  }

  private func inputs(
    _ hashes: InputHashes
  ) throws(GraftError) -> [(path: String, files: [FileRecord])] {
    func names(_ store: TensorStore, _ others: [String]) -> [String] {
      others + store.files.map { splitPath($0).name }
    }
    let head = ["value_head.safetensors", "value_head.bin"]
    let files = names(base.store, ["config.json"] + head)
    var inputs = [try Provenance.input(base.path, files: files, hashes: hashes)]
    for adapter in adapters {
      let others =
        ["adapter_config.json"] + head + (tokenizer == adapter.path ? ["tokenizer.json"] : [])
      let files = names(adapter.store, others)
      inputs.append(try Provenance.input(adapter.path, files: files, hashes: hashes))
    }
    return inputs
  }
}
