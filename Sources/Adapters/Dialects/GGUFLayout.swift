import Checkpoint
import Diagnostics
import FileIO
import GGUF
import TensorCore

/// An adapter as llama.cpp stores it: one alpha for all, which each pair's own rank divides.
struct GGUFLayout {
  var tensors: [any TensorSource] = []
  var family: String
  var alpha: Double
  var notes: [String] = []

  init(_ plan: AdapterPlan, base: ModelDirectory?) throws(GraftError) {
    guard let base else {
      throw .dialectNeedsBase(.gguf, "its architecture and its number of heads must be known")
    }
    let type = base.config.modelType ?? ""
    guard let family = GGUFFamily.adapters.first(where: { $0.modelTypes.contains(type) }) else {
      throw .dialectFamily(type, file: base.config.file)
    }
    let pairs = try DialectPair.all(of: plan, base: base, for: .gguf)
    guard !pairs.isEmpty else {
      throw .cannotHold(.gguf, "(all)", "has no pair of A and B", file: plan.adapter.path)
    }
    self.family = family.name
    var counts: [Double: Int] = [:]
    for pair in pairs { counts[pair.scale * Double(pair.rank), default: 0] += 1 }
    alpha = counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? 1
    // llama.cpp takes 0 for "no alpha at all".
    if alpha == 0 { alpha = 1 }
    var folded = 0
    for pair in pairs {
      guard let name = family.fileName(of: pair.module + ".weight") else {
        throw .cannotHold(
          .gguf, pair.module, "has no name in the architecture '\(family.name)'",
          file: plan.adapter.path)
      }
      if name.hasPrefix("output."), try base.config.tiesEmbeddings {
        throw .cannotHold(
          .gguf, pair.module, "changes the output matrix of a tied model", file: plan.adapter.path)
      }
      let factor = pair.scale * Double(pair.rank) / alpha
      if factor != 1 { folded += 1 }
      var b = pair.scaledB(by: factor)
      if family.headCountKey(of: name) != nil {
        b = PairedRows(b, head: try base.config.headDimension)
      }
      let isEmbedding = name.hasPrefix("token_embd.")
      let a: any TensorSource =
        isEmbedding
        ? TransposedSource(pair.a, as: name + ".lora_a")
        : RenamedSource(pair.a, as: name + ".lora_a")
      tensors.append(a)
      tensors.append(RenamedSource(b, as: name + ".lora_b"))
    }
    if folded > 0 { notes.append("\(folded) scales were folded into lora_b, as float32") }
  }
}

/// Rows in llama.cpp's order: the halves of each head interleaved.
private struct PairedRows: DerivedSource {
  let spec: TensorSpec
  let original: any TensorSource
  private let head: Int

  init(_ original: any TensorSource, head: Int) {
    self.original = original
    self.head = head
    spec = original.spec
  }

  var file: String { original.file }

  func read(rows: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws(GraftError) {
    for (place, row) in rows.enumerated() {
      let within = row % head
      let source = row - within + within / 2 + (within % 2) * (head / 2)
      try original.read(
        rows: source..<source + 1,
        into: UnsafeMutableRawBufferPointer(
          rebasing: buffer[place * rowByteCount..<(place + 1) * rowByteCount]))
    }
  }
}
