/// Where the parts that Graft must know stand among a model's tensors, for every model: by the
/// family's table, by its table within a vision-language model, or by common names.
public struct ModelNames: Sendable {
  /// The family's table, if there is one.
  public let architecture: Architecture?
  /// What stands before the backbone's names, as in "model." or "model.language_model.".
  public let backbonePrefix: String
  /// The output matrix.
  public let outputName: String
  /// The input embedding, with the prefix; empty where no tensor looks like it.
  public let embeddingName: String
  /// Whether the language model is a part of a larger one, whose other parts no table describes.
  public let isNested: Bool

  /// Finds the names.
  init(_ config: ModelConfig, _ store: TensorStore) {
    architecture = config.family
    isNested = config.isNested && architecture != nil
    guard let architecture else {
      embeddingName = Self.guess(Self.embeddings, in: store) ?? ""
      let end = Self.embeddings.first(where: embeddingName.hasSuffix) ?? ""
      backbonePrefix = String(embeddingName.dropLast(end.count))
      outputName = Self.guess(Self.outputs, in: store) ?? "lm_head.weight"
      return
    }
    let plain = architecture.backbonePrefix
    let inner = String(architecture.embeddingName.dropFirst(plain.count))
    let nestings =
      isNested ? ["model.language_model.", "language_model.model.", "language_model."] : []
    backbonePrefix = nestings.first { store[$0 + inner] != nil } ?? plain
    embeddingName = backbonePrefix + inner
    let outer = "language_model." + architecture.outputName
    outputName = isNested && store[outer] != nil ? outer : architecture.outputName
  }

  /// The first tensor of one of these names, or that ends in one.
  private static func guess(_ ends: [String], in store: TensorStore) -> String? {
    ends.first { store[$0] != nil }
      ?? store.names.first { name in ends.contains { name.hasSuffix("." + $0) } }
  }

  private static let embeddings = [
    "embed_tokens.weight", "wte.weight", "tok_embeddings.weight", "embed_in.weight",
    "word_embeddings.weight", "embeddings.word_embeddings.weight", "embedding.weight",
  ]
  private static let outputs = [
    "lm_head.weight", "embed_out.weight", "output.weight", "output_layer.weight",
  ]

  /// The name in the files for a name of the family's.
  public func onDisk(_ name: String) -> String {
    guard let architecture else { return name }
    if name == architecture.outputName { return outputName }
    guard name.hasPrefix(architecture.backbonePrefix) else { return name }
    return backbonePrefix + name.dropFirst(architecture.backbonePrefix.count)
  }

  /// Whether a tensor may be dropped without loss; see ``Architecture/isRecomputedBuffer(_:)``.
  public func isRecomputedBuffer(_ name: String) -> Bool {
    architecture?.isRecomputedBuffer(name) ?? name.hasSuffix(".rotary_emb.inv_freq")
  }
}
