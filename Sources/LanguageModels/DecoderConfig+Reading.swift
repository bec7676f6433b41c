public import Checkpoint
public import Diagnostics
import StrictJSON

extension DecoderConfig {
  /// Reads the shape of a Llama-family model.
  ///
  /// - Throws: ``GraftError`` where config.json asks for something that is not built.
  public init(_ config: ModelConfig) throws(GraftError) {
    let activation = config.json["hidden_act"]?.string ?? "silu"
    guard ["silu", "swish"].contains(activation) else {
      throw .unsupported("hidden_act", activation, known: "silu", file: config.file)
    }
    self.init(
      vocabularySize: try config.vocabularySize, hiddenSize: try config.hiddenSize,
      intermediateSize: try config.intermediateSize, layerCount: try config.layerCount,
      headCount: try config.headCount, keyValueHeadCount: try config.keyValueHeadCount,
      headSize: try config.headDimension, normEpsilon: try config.normEpsilon,
      rotary: try RotaryConfig(config),
      attentionBias: try config.flag("attention_bias", default: false),
      mlpBias: try config.flag("mlp_bias", default: false),
      tiesEmbeddings: try config.tiesEmbeddings)
    guard headSize % 2 == 0 else {
      throw .unsupported("head_dim", "\(headSize)", known: "even numbers", file: config.file)
    }
  }
}

extension RotaryConfig {
  /// Reads `rope_parameters`, or the `rope_theta` and `rope_scaling` of older files.
  public init(_ config: ModelConfig) throws(GraftError) {
    let settings = try config.rotary
    let reader = ScalingReader(settings: settings, file: config.file)
    if let part = settings.parameters["partial_rotary_factor"]?.double, part != 1 {
      throw .unsupported("partial_rotary_factor", "\(part)", known: "1", file: config.file)
    }
    let limit = try config.optionalCount("max_position_embeddings") ?? 2048
    self.init(theta: settings.theta, scaling: try reader.scaling(limit: limit))
  }
}

/// Reads the numbers of one scaling.
private struct ScalingReader {
  let settings: RotarySettings
  let file: String

  func scaling(limit: Int) throws(GraftError) -> RotaryConfig.Scaling {
    switch settings.type {
    case "default": return .none
    case "linear": return .linear(factor: try number("factor"))
    case "dynamic": return .dynamic(factor: try number("factor"), length: limit)
    case "llama3":
      return .llama3(
        factor: try number("factor"), lowFactor: try number("low_freq_factor"),
        highFactor: try number("high_freq_factor"),
        length: Int(try number("original_max_position_embeddings")))
    case "yarn": return .yarn(try yarn(limit: limit))
    default:
      throw .unsupported(
        "rope_type", settings.type, known: "default, linear, dynamic, llama3, yarn", file: file)
    }
  }

  private func yarn(limit: Int) throws(GraftError) -> RotaryConfig.Yarn {
    let length = try optional("original_max_position_embeddings") ?? Double(limit)
    let factor = try optional("factor") ?? Double(limit) / length
    var attention = try optional("attention_factor")
    if attention == nil, let scale = try optional("mscale"),
      let all = try optional("mscale_all_dim")
    {
      attention =
        RotaryConfig.Yarn.magnitude(factor, scale) / RotaryConfig.Yarn.magnitude(factor, all)
    }
    return RotaryConfig.Yarn(
      factor: factor, length: Int(length), fast: try optional("beta_fast") ?? 32,
      slow: try optional("beta_slow") ?? 1,
      truncates: settings.parameters["truncate"]?.bool ?? true, attentionFactor: attention)
  }

  private func number(_ key: String) throws(GraftError) -> Double {
    guard let value = try optional(key) else {
      throw .rotaryParameter(key, type: settings.type, file: file)
    }
    return value
  }

  /// A positive number below 2^31, or nil where the key is absent or null.
  private func optional(_ key: String) throws(GraftError) -> Double? {
    guard let value = settings.parameters[key], !value.isNull else { return nil }
    guard let number = value.double, number > 0, number < 0x1p31 else {
      throw .rotaryParameter(key, type: settings.type, file: file)
    }
    return number
  }
}
