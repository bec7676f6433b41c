public import Diagnostics
import FileIO
public import StrictJSON
public import TensorCore

/// A model's config.json: typed, checked access, with every other key kept as it was.
///
/// Reads the layouts of transformers 4 (`torch_dtype`, `rope_theta`, `rope_scaling`) and
/// 5 (`dtype`, `rope_parameters`).
public struct ModelConfig: Sendable {
  /// All members, in their order.
  public var json: JSONObject
  /// The file, for errors.
  public let file: String

  /// Reads the config.json of a directory.
  public init(directory: String) throws(GraftError) {
    let file = "\(directory)/config.json"
    let json = try JSONValue.parse(
      try readFile(file, limit: 16 << 20), file: file, allowingNonFinite: true)
    guard let object = json.object else {
      throw .configValue("config", is: json.kindName, expected: "an object", file: file)
    }
    self.init(object, file: file)
  }

  /// Wraps members that are already read.
  public init(_ json: JSONObject, file: String) {
    self.json = json
    self.file = file
  }

  // MARK: - Access by key

  /// The value of a key, under the name that the family has for it, else what the family's
  /// configuration class takes where the key is absent; nil for null.
  public func value(_ key: String) -> JSONValue? {
    let family = family
    let names = [key, family?.aliases[key]].compactMap(\.self)
    let places = [nestedText, json].compactMap(\.self)
    let own = places.lazy.flatMap { place in names.lazy.compactMap { place[$0] } }.first
    guard let value = own ?? family?.defaults[key], !value.isNull else { return .none }
    return value
  }

  /// A number of things: at least 1 and small enough for arithmetic on shapes.
  public func count(_ key: String) throws(GraftError) -> Int {
    guard let value = try optionalCount(key) else {
      let alias = family?.aliases[key]
      throw .configKeyMissing(alias ?? key, file: file)
    }
    return value
  }

  /// As ``count(_:)``, or nil where the key is absent or null.
  public func optionalCount(_ key: String) throws(GraftError) -> Int? {
    guard let value = value(key) else { return nil }
    guard let int = value.int, (1...(1 << 28)).contains(int) else {
      throw .configValue(
        key, is: value.text(), expected: "a whole number of at least 1", file: file)
    }
    return int
  }

  /// A positive finite number, or nil where the key is absent or null.
  public func optionalNumber(_ key: String) throws(GraftError) -> Double? {
    guard let value = value(key) else { return nil }
    guard let number = value.double, number.isFinite, number > 0 else {
      throw .configValue(key, is: value.text(), expected: "a positive number", file: file)
    }
    return number
  }

  /// A truth value, or `fallback` where the key is absent or null.
  public func flag(_ key: String, default fallback: Bool) throws(GraftError) -> Bool {
    guard let value = value(key) else { return fallback }
    guard let flag = value.bool else {
      throw .configValue(key, is: value.text(), expected: "true or false", file: file)
    }
    return flag
  }

  // MARK: - What models have in common

  /// The family, as in "llama".
  public var modelType: String? { json["model_type"]?.string }

  /// The table of the family, or of the language model within a vision-language model.
  public var family: Architecture? {
    if let family = modelType.flatMap(Architecture.named) { return family }
    guard let inner = nestedText?["model_type"]?.string else { return nil }
    return Architecture.named(inner) ?? Self.textFamilies[inner].flatMap(Architecture.named)
  }

  /// Whether the language model's settings stand in `text_config`, within those of a larger model.
  public var isNested: Bool { nestedText != nil }

  private var nestedText: JSONObject? { json["text_config"]?.object }

  /// Language models of vision-language models that have the tensors of another family.
  private static let textFamilies = [
    "qwen2_vl_text": "qwen2", "qwen2_5_vl_text": "qwen2", "qwen3_vl_text": "qwen3",
  ]

  /// The class names that the checkpoint was saved from.
  public var architectures: [String] { json["architectures"]?.array?.compactMap(\.string) ?? [] }

  /// The width of the residual stream.
  public var hiddenSize: Int { get throws(GraftError) { try count("hidden_size") } }
  /// The width inside the MLP.
  public var intermediateSize: Int {
    get throws(GraftError) {
      if family?.modelType == Architecture.gpt2.modelType,
        try optionalCount("intermediate_size") == nil
      {
        return try 4 * hiddenSize
      }
      return try count("intermediate_size")
    }
  }
  /// The number of decoder layers.
  public var layerCount: Int { get throws(GraftError) { try count("num_hidden_layers") } }
  /// The number of query heads.
  public var headCount: Int { get throws(GraftError) { try count("num_attention_heads") } }
  /// The number of rows of the input embedding.
  public var vocabularySize: Int { get throws(GraftError) { try count("vocab_size") } }

  /// The number of key and value heads; the number of query heads where not given.
  public var keyValueHeadCount: Int {
    get throws(GraftError) {
      let heads = try headCount
      let pairs = try optionalCount("num_key_value_heads") ?? heads
      guard heads % pairs == 0 else {
        throw .configValue(
          "num_key_value_heads", is: "\(pairs)",
          expected: "a divisor of num_attention_heads (\(heads))", file: file)
      }
      return pairs
    }
  }

  /// The width of one head; hidden size over heads where not given.
  public var headDimension: Int {
    get throws(GraftError) {
      if let given = try optionalCount("head_dim") { return given }
      let (hidden, heads) = (try hiddenSize, try headCount)
      guard hidden % heads == 0 else {
        throw .configValue(
          "hidden_size", is: "\(hidden)",
          expected: "a multiple of num_attention_heads (\(heads)), or a head_dim beside it",
          file: file)
      }
      return hidden / heads
    }
  }

  /// The number of experts in a layer that has any.
  public var expertCount: Int {
    get throws(GraftError) {
      if let count = try optionalCount("num_experts") { return count }
      return try count("num_local_experts")
    }
  }

  /// The layers that have experts, in models where not all do: every `decoder_sparse_step`th that
  /// `mlp_only_layers` does not name.
  public var sparseLayers: Set<Int> {
    get throws(GraftError) {
      if (value("num_experts") ?? value("num_local_experts"))?.int == 0 { return [] }
      let step = try optionalCount("decoder_sparse_step") ?? 1
      let plain = Set(value("mlp_only_layers")?.array?.compactMap(\.int) ?? [])
      return Set(
        stride(from: step - 1, to: try layerCount, by: step).filter { !plain.contains($0) })
    }
  }

  /// The epsilon of the RMS norms.
  public var normEpsilon: Double {
    get throws(GraftError) { try optionalNumber("rms_norm_eps") ?? 1e-6 }
  }

  /// Whether the output matrix is the input embedding; of a vision-language model its own word
  /// counts before its language model's.
  public var tiesEmbeddings: Bool {
    get throws(GraftError) {
      if let own = json["tie_word_embeddings"]?.bool { return own }
      return try flag("tie_word_embeddings", default: false)
    }
  }

  /// The element type that the weights were saved in, by config.json's word.
  public var dtype: DType? {
    (value("dtype") ?? value("torch_dtype"))?.string.flatMap { DType(anyName: $0) }
  }

  /// The number of outputs of a classification head: `id2label`'s size, else `num_labels`, else 2,
  /// as transformers reads it.
  public var labelCount: Int {
    json["id2label"]?.object?.count ?? json["num_labels"]?.int ?? 2
  }

  /// Rotary position settings.
  public var rotary: RotarySettings {
    get throws(GraftError) {
      let nested = value("rope_parameters")?.object ?? value("rope_scaling")?.object
      var theta = 10_000.0
      if let given = nested?["rope_theta"]?.double {
        theta = given
      } else if let given = try optionalNumber("rope_theta") {
        theta = given
      }
      guard theta.isFinite, theta > 0 else {
        throw .configValue(
          "rope_theta", is: "\(theta)", expected: "a positive number", file: file)
      }
      let type = nested?["rope_type"]?.string ?? nested?["type"]?.string ?? "default"
      return RotarySettings(theta: theta, type: type, parameters: nested ?? JSONObject())
    }
  }
}

/// How rotary position embeddings are computed.
public struct RotarySettings: Sendable {
  /// The base of the wavelengths.
  public var theta: Double
  /// "default", "linear", "dynamic", "llama3", "yarn", ...
  public var type: String
  /// The parameters of the type, by config.json's names (`factor`, `low_freq_factor`, ...).
  public var parameters: JSONObject
}
