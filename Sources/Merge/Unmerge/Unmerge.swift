public import Adapters
public import Checkpoint
public import Diagnostics
import FileIO
import Heads
import StrictJSON
import Safetensors
import TensorCore

/// A merge taken back: the base out of a merged model and the adapters that went into it.
///
/// With the residue that `--keep-residue` wrote, the base's files come back byte for byte, and are
/// held against the hashes in graft.json. Without it, every number is merged less the change,
/// rounded once: what the merge rounded away is gone.
public struct Unmerge: Sendable {
  /// The merged model.
  public let merged: ModelDirectory
  /// The adapters, in the order of the merge.
  public let adapters: [Adapter]
  /// Whether the base comes back bit for bit.
  public var isExact: Bool { residue != nil }
  /// What will be written, and how each tensor comes about.
  public let tensors: [PlannedTensor]
  /// How each tensor comes about, by its name.
  public let ways: [String: String]
  let residue: Residue?
  private let record: MergeRecord?

  /// Settles what each tensor of the base is made of.
  ///
  /// - Parameter weights: the factors of the adapters in the merge; 1 each where nil and graft.json
  ///   says nothing.
  /// - Throws: ``GraftError`` if the adapters are not those of the merge, or something that the
  ///   merge replaced or left out is kept nowhere.
  public init(
    merged: ModelDirectory, adapters: [Adapter], weights: [Double]? = nil
  ) throws(GraftError) {
    self.merged = merged
    self.adapters = adapters
    record = try MergeRecord(merged.path)
    residue = try Residue(merged.path)
    if residue != nil, record == nil { throw .noMergeRecord(merged.path) }
    if let record {
      for adapter in adapters { try record.require(adapter) }
      try record.requireAll(adapters)
    }
    let combination = record?.combination(weights) ?? AdapterCombination(weights: weights)
    if let residue {
      (tensors, ways) = try Self.exact(merged, adapters, combination, residue)
    } else {
      (tensors, ways) = try Self.rounded(merged, adapters, combination, record)
    }
  }

  private static func exact(
    _ merged: ModelDirectory, _ adapters: [Adapter], _ combination: AdapterCombination,
    _ residue: Residue
  ) throws(GraftError) -> ([PlannedTensor], [String: String]) {
    var tensors: [PlannedTensor] = []
    var ways: [String: String] = [:]
    var changes: [String: [TensorChange]] = [:]
    if residue.entries.values.contains(where: { $0.how == .residue }) {
      let specs = residue.entries.values.map(\.spec).sorted { $0.name < $1.name }
      let plan = try combination.plan(adapters, base: specs)
      try plan.check()
      changes = plan.changes
    }
    for file in residue.files {
      for name in file.tensors {
        guard let entry = residue.entries[name] else {
          throw .residueBroken(residue.archive.path, tensor: name, "is in no entry")
        }
        tensors.append(try restored(entry, changes[name] ?? [], merged, residue))
        ways[name] =
          switch entry.how {
          case .same: "the merged tensor"
          case .residue: "merged less the change, and the residue"
          case .direct: "merged, and the residue"
          case .whole: "kept whole beside the merged model"
          }
      }
    }
    return (tensors, ways)
  }

  private static func restored(
    _ entry: Residue.Entry, _ changes: [TensorChange], _ merged: ModelDirectory,
    _ residue: Residue
  ) throws(GraftError) -> PlannedTensor {
    let (name, dtype) = (entry.spec.name, entry.spec.dtype)
    if entry.how == .whole {
      return try PlannedTensor(copying: residue.whole(name), as: name)
    }
    guard let after = merged.store[entry.merged], after.spec.shape == entry.spec.shape else {
      throw .residueBroken(residue.archive.path, tensor: name, "has no merged tensor")
    }
    if entry.how == .same { return try PlannedTensor(copying: after, as: name) }
    guard
      let made = try Subtraction(
        merged: after, changes: entry.how == .direct ? [] : changes, dtype: dtype)
    else {
      throw .residueBroken(residue.archive.path, tensor: name, "is of another kind of change")
    }
    let code = try residue.code(of: name)
    return PlannedTensor(spec: entry.spec) { (rows, buffer) throws(GraftError) in
      var bits = try made.bits(rows: rows)
      for (i, step) in try code.steps(rows: rows).enumerated() where step != 0 {
        let place = OrderedBits.step(OrderedBits.place(bits[i], dtype), by: step, dtype)
        bits[i] = OrderedBits.bits(place, dtype)
      }
      store(bits, as: dtype, into: buffer)
    }
  }

  private static func rounded(
    _ merged: ModelDirectory, _ adapters: [Adapter], _ combination: AdapterCombination,
    _ record: MergeRecord?
  ) throws(GraftError) -> ([PlannedTensor], [String: String]) {
    let plan = try combination.plan(adapters, base: merged.store.inFileOrder.map(\.spec))
    try plan.check()
    if !plan.replacements.isEmpty {
      throw .replacedWhole(plan.replacements.keys.sorted(), file: merged.path)
    }
    if let lost = record?.leftOut, !lost.isEmpty { throw .leftOut(lost, file: merged.path) }
    var tensors: [PlannedTensor] = []
    var ways: [String: String] = [:]
    for source in merged.store.inFileOrder {
      let name = source.spec.name
      guard let steps = plan.changes[name] else {
        tensors.append(try PlannedTensor(copying: source, as: name))
        ways[name] = "the merged tensor"
        continue
      }
      guard
        let made = try Subtraction(merged: source, changes: steps, dtype: source.spec.dtype)
      else {
        let how = steps.map(\.how).joined(separator: ", then ")
        throw .cannotSubtract(how, tensor: name, file: source.file)
      }
      ways[name] = "merged less the change, rounded once"
      tensors.append(
        PlannedTensor(spec: source.spec) { (rows, buffer) throws(GraftError) in
          store(try made.bits(rows: rows), as: source.spec.dtype, into: buffer)
        })
    }
    return (tensors, ways)
  }

  /// Writes the base.
  ///
  /// - Throws: ``GraftError`` if a recovered file is not the one that was merged; nothing appears
  ///   under the output's name then.
  public func write(
    to path: String, replacing: Bool = false, progress: (Int, Int) -> Void = { _, _ in }
  ) throws(GraftError) -> [FileRecord] {
    let output = try OutputDirectory(
      path, replacing: replacing, inputs: [merged.path] + adapters.map(\.path))
    let hashes = InputHashes(merged.store.files)
    var records: [FileRecord]
    if let residue, let record {
      records = try writeExact(residue, record, output, progress)
    } else {
      records = try writeTensors(tensors, to: output, hashing: hashes, progress: progress)
      records.append(try output.copy("\(merged.path)/config.json", to: "config.json"))
    }
    for name in try SideFiles.names(in: merged.path) {
      records.append(try output.copy("\(merged.path)/\(name)", to: name))
    }
    var inputs = [
      try Provenance.input(
        merged.path, files: ["config.json"] + merged.store.files.map { splitPath($0).name },
        hashes: hashes)
    ]
    for adapter in adapters {
      let names = ["adapter_config.json"] + adapter.store.files.map { splitPath($0).name }
      inputs.append(try Provenance.input(adapter.path, files: names))
    }
    var settings = JSONObject()
    settings["exact"] = .bool(isExact)
    try Provenance(command: "unmerge", settings: settings, inputs: inputs)
      .seal(records, in: output)
    try output.commit()
    return records
  }

  private func writeExact(
    _ residue: Residue, _ record: MergeRecord, _ output: OutputDirectory,
    _ progress: (Int, Int) -> Void
  ) throws(GraftError) -> [FileRecord] {
    let byName = Dictionary(tensors.map { ($0.spec.name, $0) }, uniquingKeysWith: { a, _ in a })
    let total = tensors.reduce(0) { $0 + $1.spec.byteCount }
    var done = 0
    var records: [FileRecord] = []
    for (name, members) in residue.files {
      let file = try OutputFile(output.file(name))
      guard let header = try residue.bytes(Residue.headerPrefix + name) else {
        throw .residueBroken(residue.archive.path, "lacks the header of \(name)")
      }
      try file.write(header)
      for member in members {
        guard let tensor = byName[member] else { continue }
        for rows in rowBlocks(of: tensor.spec, byteLimit: 4 << 20) {
          let size = rows.count * tensor.spec.rowElementCount * tensor.spec.dtype.bitWidth / 8
          var bytes = [UInt8](repeating: 0, count: size)
          var span = bytes.mutableSpan
          try span.withUnsafeMutableBytes { (raw) throws(GraftError) in
            try tensor.produce(rows, raw)
          }
          try file.write(bytes)
          done += size
          progress(done, total)
        }
      }
      records.append(FileRecord(name: name, seal: try file.close()))
    }
    for name in residue.smallFiles {
      guard let bytes = try residue.bytes(Residue.filePrefix + name) else { continue }
      let file = try OutputFile(output.file(name))
      try file.write(bytes)
      records.append(FileRecord(name: name, seal: try file.close()))
    }
    for found in records {
      guard let expected = record.baseHashes[found.name] else { continue }
      guard expected == found.seal.sha256 else {
        throw .recoveredDiffers(
          found.name, expected: expected, found: found.seal.sha256, file: merged.path)
      }
    }
    return records
  }
}
