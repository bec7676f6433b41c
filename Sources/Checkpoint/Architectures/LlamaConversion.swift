public import Diagnostics
public import StrictJSON
import TensorCore

/// An InternLM2 checkpoint as Llama, without copying it: the arithmetic is the same, the names are
/// not, and queries, keys and values come out of their one matrix.
///
/// Source: `modeling_internlm2.py` as published with the models.
public struct LlamaConversion: Sendable {
  /// The tensors under Llama's names, by the tensor of the files that they come from.
  public private(set) var entries: [String: [ExpertConversion.Entry]] = [:]
  /// The names in the files whose place they take.
  public var consumed: Set<String> { Set(entries.keys) }

  private static let names = [
    ("attention.wo.", "self_attn.o_proj."), ("feed_forward.w1.", "mlp.gate_proj."),
    ("feed_forward.w3.", "mlp.up_proj."), ("feed_forward.w2.", "mlp.down_proj."),
    ("attention_norm.", "input_layernorm."), ("ffn_norm.", "post_attention_layernorm."),
    ("tok_embeddings.", "embed_tokens."),
  ]

  /// Plans a conversion.
  ///
  /// - Throws: ``GraftError`` if the model is no InternLM2, or a tensor has another shape than its
  ///   configuration says.
  public init(_ model: ModelDirectory) throws(GraftError) {
    guard model.config.modelType == Architecture.internLM2.modelType else {
      throw .notInternLM2(model.config.modelType ?? "(none)", file: model.config.file)
    }
    let fused = try Architecture.internLM2.expectedTensors(model.config, role: .backbone)
      .filter { !$0.parts.isEmpty || $0.name.hasSuffix(".wqkv.bias") }
    let parts = fused.first { !$0.parts.isEmpty }?.parts ?? []
    let shapes = Dictionary(uniqueKeysWithValues: fused.map { ($0.name, $0.shape) })
    for source in model.store.inFileOrder {
      let name = source.spec.name
      let reference = Ledger.Reference(source)
      if let place = name.firstRange(of: "attention.wqkv.") {
        let inner = name.hasPrefix("model.") ? String(name.dropFirst("model.".count)) : name
        guard let shape = shapes[inner], shape == source.spec.shape else {
          throw .shapeMismatch(
            name, found: source.spec.shape, expected: shapes[inner] ?? [], because: "config.json",
            file: model.config.file)
        }
        var start = 0
        let groupSize = parts.reduce(0) { $0 + $1.groupCount }
        for part in parts {
          let full = name.replacing(place, with: "self_attn.\(part.name).")
          let piece = try Self.take(
            part, from: source, start: start, groupSize: groupSize, name: full)
          start += part.groupCount
          entries[name, default: []].append(
            ExpertConversion.Entry(
              source: piece, origin: .tensor(reference, how: "the \(part.name) rows of each group"))
          )
        }
      } else if let full = Self.rename(name) {
        entries[name] = [
          ExpertConversion.Entry(
            source: RenamedSource(source, as: full), origin: .tensor(reference, how: "renamed"))
        ]
      }
    }
  }

  private static func rename(_ name: String) -> String? {
    if name == Architecture.internLM2.outputName { return Architecture.llama.outputName }
    for (old, new) in names {
      if let place = name.firstRange(of: old) { return name.replacing(place, with: new) }
    }
    return nil
  }

  /// The rows of one part, group by group; of a bias, the elements.
  private static func take(
    _ part: ExpectedTensor.Part, from source: any TensorSource, start: Int, groupSize: Int,
    name: String
  ) throws(GraftError) -> any TensorSource {
    let groups = part.count / part.groupCount
    let ranges = (0..<groups).map { group in
      let first = group * groupSize + start
      return first..<first + part.groupCount
    }
    guard source.spec.shape.count == 1 else {
      return try ComposedSource(
        ranges.map { ComposedSource.Piece(source, rows: $0) }, name: name,
        shape: [part.count, source.spec.shape[1]], what: "taking out \(part.name)")
    }
    let width = source.spec.dtype.bitWidth / 8
    let bytes = try source.bytes()
    let taken = ranges.flatMap { bytes[$0.lowerBound * width..<$0.upperBound * width] }
    let spec = TensorSpec(name: name, dtype: source.spec.dtype, shape: [part.count])
    return MemorySource(spec: spec, bytes: taken, origin: source.file)
  }

  /// config.json of the Llama.
  ///
  /// - Throws: ``GraftError`` if a value is of the wrong kind.
  public static func members(_ config: ModelConfig) throws(GraftError) -> JSONObject {
    var members = config.json
    let hasBias = try config.flag("bias", default: true)
    for key in ["auto_map", "bias", "attn_implementation"] { members[key] = nil }
    members["model_type"] = .string(Architecture.llama.modelType)
    members["attention_bias"] = .bool(hasBias)
    members["mlp_bias"] = false
    let stem = Architecture.internLM2.className
    members["architectures"] = .array(
      config.architectures.map { name in
        .string(
          name.hasPrefix(stem) ? Architecture.llama.className + name.dropFirst(stem.count) : name)
      })
    return members
  }
}

extension String {
  fileprivate func firstRange(of other: String) -> Range<Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(other) {
        return start..<index(start, offsetBy: other.count)
      }
      start = index(after: start)
    }
    return nil
  }

  fileprivate func replacing(_ range: Range<Index>, with other: String) -> String {
    "\(self[..<range.lowerBound])\(other)\(self[range.upperBound...])"
  }
}
