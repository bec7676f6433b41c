public import Diagnostics
public import TensorCore
public import Torch

/// A causal language model of the Llama family: token ids in, hidden states and logits out.
///
/// The weights are frozen; ``adapt(_:seed:)`` adds trainable low-rank updates.
public final class DecoderModel {
  /// The shape.
  public let config: DecoderConfig
  /// The type that the layers compute in: `f32` or `bf16`.
  public let dtype: DType
  /// Whether dropout is active; off at first.
  public var isTraining = false
  /// The LoRA settings, once the model is adapted.
  public private(set) var lora: LoRASettings?

  private let embedding: Tensor
  private let layers: [DecoderLayer]
  private let finalNorm: RMSNorm
  private let outputMatrix: Tensor?
  private let rotary: RotaryEmbedding

  /// Builds a model.
  ///
  /// - Parameters:
  ///   - config: the shape.
  ///   - parameters: tensors by transformers' names (`model.layers.0.self_attn.q_proj.weight`).
  ///     `lm_head.weight` may be absent: such a model has no ``logits(_:)`` unless it is tied.
  ///   - dtype: the type to compute in.
  /// - Throws: ``GraftError`` where a parameter is missing, has another shape, or has no place.
  public init(
    config: DecoderConfig, parameters: [String: Tensor], dtype: DType = .f32
  ) throws(GraftError) {
    self.config = config
    self.dtype = dtype
    var source = ParameterSource(parameters, dtype: dtype)
    let matrixShape = [config.vocabularySize, config.hiddenSize]
    let embedding = try source.take("model.embed_tokens.weight", matrixShape)
    self.embedding = embedding
    let rotary = RotaryEmbedding(config: config.rotary, size: config.headSize)
    self.rotary = rotary
    var layers: [DecoderLayer] = []
    for index in 0..<config.layerCount {
      layers.append(try Self.layer(index, config, rotary, &source))
    }
    self.layers = layers
    finalNorm = try source.norm("model.norm", config)
    if config.tiesEmbeddings {
      outputMatrix = embedding
    } else if parameters["lm_head.weight"] != nil {
      outputMatrix = try source.take("lm_head.weight", matrixShape)
    } else {
      outputMatrix = nil
    }
    try source.finish()
  }

  private static func layer(
    _ index: Int, _ config: DecoderConfig, _ rotary: RotaryEmbedding,
    _ source: inout ParameterSource
  ) throws(GraftError) -> DecoderLayer {
    let name = "model.layers.\(index)"
    let (hidden, inner) = (config.hiddenSize, config.intermediateSize)
    let queries = config.headCount * config.headSize
    let pairs = config.keyValueHeadCount * config.headSize
    let (attention, mlp) = ("\(name).self_attn", "\(name).mlp")
    return DecoderLayer(
      inputNorm: try source.norm("\(name).input_layernorm", config),
      query: try source.linear(
        "\(attention).q_proj", from: hidden, to: queries, bias: config.attentionBias),
      key: try source.linear(
        "\(attention).k_proj", from: hidden, to: pairs, bias: config.attentionBias),
      value: try source.linear(
        "\(attention).v_proj", from: hidden, to: pairs, bias: config.attentionBias),
      output: try source.linear(
        "\(attention).o_proj", from: queries, to: hidden, bias: config.attentionBias),
      attention: Attention(
        headCount: config.headCount, keyValueHeadCount: config.keyValueHeadCount,
        headSize: config.headSize),
      rotary: rotary,
      innerNorm: try source.norm("\(name).post_attention_layernorm", config),
      gate: try source.linear("\(mlp).gate_proj", from: hidden, to: inner, bias: config.mlpBias),
      up: try source.linear("\(mlp).up_proj", from: hidden, to: inner, bias: config.mlpBias),
      down: try source.linear("\(mlp).down_proj", from: inner, to: hidden, bias: config.mlpBias))
  }

  /// Whether the model has an output matrix.
  public var hasLogits: Bool { outputMatrix != nil }

  /// All linear layers of the decoder, in transformers' order.
  var linears: [LinearLayer] { layers.flatMap(\.linears) }

  /// Records that updates were put into ``linears``.
  func didAdapt(_ settings: LoRASettings) { lora = settings }
}

// MARK: - Running

extension DecoderModel {
  /// The hidden states of all tokens after the final norm, `[tokens, hidden]`.
  public func hiddenStates(_ batch: PackedBatch) throws(GraftError) -> Tensor {
    try run(batch, lastOnly: false)
  }

  /// The hidden states of each sequence's last token after the final norm, `[sequences, hidden]`.
  public func lastHiddenStates(_ batch: PackedBatch) throws(GraftError) -> Tensor {
    try run(batch, lastOnly: true)
  }

  /// The scores of the next token, `[rows, vocabulary]`, in the computing type.
  ///
  /// - Parameter hidden: `[rows, hidden]`, after the final norm.
  public func logits(_ hidden: Tensor) throws(GraftError) -> Tensor {
    guard let outputMatrix else { throw .parameterMissing("lm_head.weight") }
    return try hidden.linear(outputMatrix)
  }

  private func run(_ batch: PackedBatch, lastOnly: Bool) throws(GraftError) -> Tensor {
    if let empty = batch.lastTokens.firstIndex(of: -1) { throw .emptySequence(empty) }
    let vocabulary = config.vocabularySize
    if let bad = batch.tokens.first(where: { $0 < 0 || $0 >= vocabulary }) {
      throw .tokenOutOfRange(bad, vocabulary: vocabulary)
    }
    let tables = try rotary.tables(batch)
    let pass = PassContext(
      tables: tables, blocks: AttentionPlan.allTokens(batch), isTraining: isTraining)
    var x = try embedding.embedding(Tensor(batch.tokens))
    for layer in layers.dropLast(lastOnly ? 1 : 0) { x = try layer(x, pass) }
    guard lastOnly, let last = layers.last else { return try finalNorm(x) }
    let indices = try Tensor(batch.lastTokens.map { Int64($0) })
    let rows = LastRows(
      indices: indices,
      tables: RotaryEmbedding.Tables(
        cosine: try tables.cosine.selected(indices), sine: try tables.sine.selected(indices)),
      blocks: AttentionPlan.lastTokens(batch))
    return try finalNorm(last(x, pass, rows: rows))
  }
}
