import Checkpoint
import Diagnostics
import Dispatch
import FileIO
import Safetensors
import StrictJSON
import Synchronization
import TensorCore

/// Writes what a merge rounds away and leaves out, so that the base can be had back bit for bit.
///
/// The file is a safetensors file by another ending, so that no program takes it for weights.
/// Its metadata say what each tensor of the base is made of; see ``Residue``.
struct ResidueWriter {
  private let plan: MergePlan
  private let merged: TensorStore
  private var members = JSONObject()
  private var payloads: [Payload] = []

  /// Bytes of the residue file.
  private enum Payload {
    case whole(any TensorSource)
    /// A range of the spool file.
    case coded(name: String, Range<Int>)
    case text(name: String, [UInt8])

    var spec: TensorSpec {
      switch self {
      case .whole(let source):
        TensorSpec(
          name: Residue.wholePrefix + source.spec.name, dtype: source.spec.dtype,
          shape: source.spec.shape)
      case .coded(let name, let range):
        TensorSpec(name: name, dtype: .u8, shape: [range.count])
      case .text(let name, let bytes): TensorSpec(name: name, dtype: .u8, shape: [bytes.count])
      }
    }
  }

  /// Writes the residue of a merge whose weights are in `output` already.
  static func write(
    _ plan: MergePlan, to output: OutputDirectory
  ) throws(GraftError) -> FileRecord {
    var writer = ResidueWriter(
      plan: plan, merged: try TensorStore(directory: output.stagingPath))
    return try writer.run(output)
  }

  private init(plan: MergePlan, merged: TensorStore) {
    self.plan = plan
    self.merged = merged
  }

  private mutating func run(_ output: OutputDirectory) throws(GraftError) -> FileRecord {
    let spoolPath = output.file(".residue-spool")
    let spool = try OutputFile(spoolPath)
    var tensors = JSONObject()
    let pieces = Dictionary(
      plan.pieces.map { (Ledger.Reference($0.base), $0) }, uniquingKeysWith: { first, _ in first })
    for source in plan.base.store.inFileOrder {
      let piece = pieces[Ledger.Reference(source)]
      let how = try settle(source, piece, spool)
      var entry = JSONObject()
      entry["how"] = .string(how.rawValue)
      if how != .whole, let piece { entry["merged"] = .string(piece.merged) }
      entry["dtype"] = .string(source.spec.dtype.rawValue)
      entry["shape"] = .array(source.spec.shape.map { JSONValue($0) })
      tensors[source.spec.name] = .object(entry)
    }
    members["tensors"] = .object(tensors)
    try addFiles()
    _ = try spool.close()
    let record = try assemble(output, spool: spoolPath)
    removeTree(spoolPath)
    return record
  }

  /// Takes one tensor of the base into the residue.
  private mutating func settle(
    _ source: any TensorSource, _ piece: MergePlan.Piece?, _ spool: OutputFile
  ) throws(GraftError) -> Residue.How {
    guard let piece, let after = merged[piece.merged], after.spec.shape == source.spec.shape else {
      payloads.append(.whole(source))
      return .whole
    }
    if piece.changes.isEmpty, after.spec.dtype == source.spec.dtype { return .same }
    var how = Residue.How.residue
    var made = try Subtraction(merged: after, changes: piece.changes, dtype: source.spec.dtype)
    if made == nil || !plan.isReproducible {
      how = .direct
      made = try Subtraction(merged: after, changes: [], dtype: source.spec.dtype)
    }
    guard let made, !source.spec.shape.contains(0) else {
      payloads.append(.whole(source))
      return .whole
    }
    let start = spool.byteCount
    let blocks = rowBlocks(of: source.spec, byteLimit: 1 << 20)
    var streams: [[UInt8]] = []
    for batch in stride(from: 0, to: blocks.count, by: 8) {
      streams += try Self.encode(blocks[batch..<min(batch + 8, blocks.count)], source, made)
    }
    var head: [UInt8] = []
    func append<T: FixedWidthInteger>(_ value: T) {
      for i in 0..<T.bitWidth / 8 { head.append(UInt8(truncatingIfNeeded: value >> (8 * i))) }
    }
    append(UInt32(blocks.first?.count ?? 0))
    append(UInt32(blocks.count))
    var end = 0
    for stream in streams {
      end += stream.count
      append(UInt64(end))
    }
    try spool.write(head)
    for stream in streams { try spool.write(stream) }
    payloads.append(
      .coded(name: Residue.codePrefix + source.spec.name, start..<spool.byteCount))
    return how
  }

  private static func encode(
    _ blocks: ArraySlice<Range<Int>>, _ source: any TensorSource, _ made: Subtraction
  ) throws(GraftError) -> [[UInt8]] {
    let out = Mutex<[Int: [UInt8]]>([:])
    let failure = Mutex<GraftError?>(nil)
    let dtype = source.spec.dtype
    let blocks = Array(blocks)
    DispatchQueue.concurrentPerform(iterations: blocks.count) { i in
      do throws(GraftError) {
        let near = try made.bits(rows: blocks[i])
        let exact = try loadBits(source, rows: blocks[i])
        var code = ResidueCode()
        for (a, b) in zip(near, exact) {
          code.append(
            a == b
              ? 0
              : OrderedBits.distance(
                from: OrderedBits.place(a, dtype), to: OrderedBits.place(b, dtype), dtype))
        }
        code.finish()
        out.withLock { $0[i] = code.bytes }
      } catch {
        failure.withLock { $0 = $0 ?? error }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
    let found = out.withLock { $0 }
    return blocks.indices.map { found[$0] ?? [] }
  }

  /// The headers of the weight files, config.json and the index, as they are.
  private mutating func addFiles() throws(GraftError) {
    let base = plan.base
    var files: [JSONValue] = []
    for path in base.store.files {
      let name = splitPath(path).name
      guard name.hasSuffix(".safetensors") else { throw .residueOfForeignBase(path) }
      let archive = try SafetensorsFile(path)
      let mapped = try MappedFile(path)
      let head = mapped.withBytes(0..<archive.dataStart) { Array($0) }
      payloads.append(.text(name: Residue.headerPrefix + name, head))
      files.append([
        "name": .string(name), "tensors": .array(archive.tensors.map { .string($0.name) }),
      ])
    }
    members["files"] = .array(files)
    for name in ["config.json", "model.safetensors.index.json"]
    where fileExists("\(base.path)/\(name)") {
      payloads.append(
        .text(name: Residue.filePrefix + name, try readFile("\(base.path)/\(name)")))
    }
  }

  private func assemble(
    _ output: OutputDirectory, spool: String
  ) throws(GraftError) -> FileRecord {
    let writer = try SafetensorsWriter(
      output.file(Residue.fileName), tensors: payloads.map(\.spec),
      metadata: ["graft_residue": "1", "contents": JSONValue.object(members).text()])
    let spooled = try MappedFile(spool)
    for payload in payloads {
      switch payload {
      case .whole(let source):
        for rows in rowBlocks(of: source.spec, byteLimit: 4 << 20) {
          let bytes = try source.bytes(rows: rows)
          try bytes.span.bytes.withUnsafeBytes { (raw) throws(GraftError) in
            try writer.append(raw)
          }
        }
      case .coded(_, let range):
        try spooled.withBytes(range) { (raw) throws(GraftError) in try writer.append(raw) }
      case .text(_, let bytes):
        try bytes.span.bytes.withUnsafeBytes { (raw) throws(GraftError) in try writer.append(raw) }
      }
    }
    return FileRecord(name: Residue.fileName, seal: try writer.close())
  }
}
