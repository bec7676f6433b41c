public import Diagnostics
import TensorCore

extension GraftError.Code {
  /// A directory holds no weights.
  public static let noWeights = Self("no-weights", .input)
  /// An index and its shards disagree.
  public static let indexMismatch = Self("index-mismatch", .input)
  /// An index names a file outside its directory.
  public static let pathTraversal = Self("path-traversal", .input)
  /// Weights without elements stand beside weights that have them.
  public static let emptyWeights = Self("empty-weights", .input)
  /// Weights of two kinds stand side by side and hold different numbers.
  public static let conflictingWeights = Self("conflicting-weights", .input)
  /// One name appears twice among a model's tensors.
  public static let duplicateTensor = Self("duplicate-tensor", .input)
  /// A tensor's type holds no real numbers, where numbers are needed.
  public static let notNumeric = Self("not-numeric", .input)
  /// config.json lacks a key, or a value is of the wrong kind or out of range.
  public static let invalidConfig = Self("invalid-config", .input)
  /// Graft has no table for this architecture.
  public static let unknownArchitecture = Self("unknown-architecture", .input)
  /// Expected tensors were not checked, because no table says what they are.
  public static let familyUnchecked = Self("family-unchecked", .input)
  /// Expected tensors have no origin.
  public static let missingTensors = Self("missing-tensors", .input)
  /// Tensors that were read have no place to go.
  public static let unexpectedTensors = Self("unexpected-tensors", .input)
  /// A tensor has another shape than the configuration says.
  public static let shapeMismatch = Self("shape-mismatch", .input)
  /// Embedding, output matrix, config.json and tokenizer do not agree on the number of tokens.
  public static let vocabularyMismatch = Self("vocabulary-mismatch", .input)
  /// An output matrix differs from the embedding that it is said to be tied to.
  public static let tiedButDifferent = Self("tied-but-different", .input)
  /// A tensor was given two origins.
  public static let doubleOrigin = Self("double-origin", .input)
}

extension GraftError {
  static func noWeights(_ directory: String, names: [String]) -> Self {
    Self(
      .noWeights, "holds neither \(names.joined(separator: " nor ")), nor an index of either",
      file: directory,
      remedy: "Name a directory with weights; 'graft convert' makes one from a GGUF file")
  }

  static func emptyBesideFull(_ file: String, full: String, tensor: String?) -> Self {
    Self(
      .emptyWeights,
      tensor == nil
        ? "holds no tensors at all, and \(full) beside it does"
        : "holds no elements, and \(full) beside it does",
      file: file, tensor: tensor,
      remedy: "The trainer saved before it gathered the weights; remove this file, so that the "
        + "other one counts")
  }

  static func weightsDiffer(
    _ file: String, _ other: String, tensor: String, _ what: String
  ) -> Self {
    Self(
      .conflictingWeights, "\(what): \(other) beside it holds other weights", file: file,
      tensor: tensor, remedy: "Remove the one that is stale")
  }

  static func indexWithoutMap(_ index: String) -> Self {
    Self(.indexMismatch, "has no 'weight_map' from tensor names to files", file: index)
  }

  static func indexBesideSingleFile(_ index: String) -> Self {
    Self(
      .indexMismatch, "stands beside an unsharded file of the same name, and they may disagree",
      file: index, remedy: "Remove the one that is stale")
  }

  static func indexLeavesDirectory(_ index: String, tensor: String, file: String) -> Self {
    Self(
      .pathTraversal, "is said to lie in '\(file)', outside the model's directory", file: index,
      tensor: tensor, remedy: "Do not trust this checkpoint")
  }

  static func shardMissing(_ index: String, shard: String) -> Self {
    Self(
      .indexMismatch, "names the shard '\(shard)', which is not there", file: index,
      remedy: "Download the missing shard")
  }

  static func unlistedTensor(_ tensor: String, shard: String, index: String) -> Self {
    Self(
      .indexMismatch, "is in this shard, but \(index) does not list it", file: shard,
      tensor: tensor, remedy: "Index and shards come from different saves; fetch both again")
  }

  static func tensorInOtherShard(_ tensor: String, listed: String, found: String) -> Self {
    Self(
      .indexMismatch, "is in this shard, but the index puts it in '\(listed)'", file: found,
      tensor: tensor, remedy: "Index and shards come from different saves; fetch both again")
  }

  static func ghostTensor(_ tensor: String, shard: String, index: String) -> Self {
    Self(
      .indexMismatch, "is listed in '\(shard)', which does not hold it", file: index,
      tensor: tensor, remedy: "Index and shards come from different saves; fetch both again")
  }

  static func duplicateTensor(_ tensor: String, in file: String, and other: String) -> Self {
    Self(
      .duplicateTensor, "is in \(other) too, and readers disagree about which counts", file: file,
      tensor: tensor)
  }

  static func notNumeric(_ spec: TensorSpec, file: String) -> Self {
    Self(
      .notNumeric, "is \(spec.dtype.rawValue); F64, F32, F16 or BF16 was expected", file: file,
      tensor: spec.name)
  }

  static func configKeyMissing(_ key: String, file: String) -> Self {
    Self(.invalidConfig, "has no '\(key)'", file: file)
  }

  static func configValue(_ key: String, is found: String, expected: String, file: String) -> Self {
    Self(.invalidConfig, "'\(key)' is \(found); \(expected) was expected", file: file)
  }

  package static func unknownArchitecture(_ modelType: String, file: String) -> Self {
    let known = Architecture.all.map(\.modelType).joined(separator: ", ")
    return Self(
      .unknownArchitecture, "model_type '\(modelType)' has no table here (known: \(known))",
      file: file)
  }

  static func familyUnchecked(_ modelType: String, file: String) -> Self {
    Self(
      .familyUnchecked,
      "no table for model_type '\(modelType)': expected tensors were not checked, names were taken "
        + "as they are", file: file)
  }

  static func partsUnchecked(_ names: [String], family: String, file: String) -> Self {
    Self(
      .familyUnchecked,
      "the language model was checked as '\(family)'; \(counted(names, "tensor")) of other parts "
        + "not, and taken as they are: \(listing(names))", file: file)
  }

  static func nestedUnchecked(_ reason: GraftError, file: String) -> Self {
    Self(
      .familyUnchecked,
      "the language model's settings are incomplete (\(reason.message)): expected tensors were not "
        + "checked, names were taken as they are", file: file)
  }

  static func noExperts(_ modelType: String, file: String) -> Self {
    Self(.unknownArchitecture, "model_type '\(modelType)' has no experts to convert", file: file)
  }

  static func notInternLM2(_ modelType: String, file: String) -> Self {
    Self(
      .unknownArchitecture,
      "model_type '\(modelType)' cannot be laid out as Llama; 'internlm2' can", file: file)
  }

  static func nothingToCompose(_ tensor: String, what: String) -> Self {
    Self(.missingTensors, "\(what) found nothing to make it of", tensor: tensor)
  }

  static func cannotCompose(
    _ spec: TensorSpec, with other: TensorSpec, what: String, file: String
  ) -> Self {
    Self(
      .shapeMismatch,
      "is \(spec.dtype.rawValue) \(spec.shape), beside \(other.name) \(other.dtype.rawValue) "
        + "\(other.shape); \(what) needs one type and one width",
      file: file, tensor: spec.name)
  }

  static func missing(_ names: [String], from place: String) -> Self {
    Self(
      .missingTensors, "\(counted(names, "tensor")) missing: \(listing(names))", file: place,
      remedy: "The checkpoint is incomplete, or config.json describes another model")
  }

  static func unexpected(_ names: [String], in place: String) -> Self {
    Self(
      .unexpectedTensors,
      "\(counted(names, "tensor")) that config.json gives no place: \(listing(names))",
      file: place, remedy: "They would be lost; config.json may describe another model")
  }

  package static func shapeMismatch(
    _ tensor: String, found: [Int], expected: [Int], because reason: String, file: String
  ) -> Self {
    Self(
      .shapeMismatch, "has shape \(found); \(reason) says \(expected)", file: file, tensor: tensor)
  }

  static func vocabularyMismatch(
    _ spec: TensorSpec, expected: [Int], sizes: VocabularySizes, file: String
  ) -> Self {
    Self(
      .shapeMismatch,
      "has shape \(spec.shape); config.json says \(expected). Of the vocabulary, \(sizes)",
      file: file, tensor: spec.name,
      remedy: "Set vocab_size to the embedding's rows if they belong together")
  }

  static func tiedButDifferent(_ tensor: String, config: String, file: String) -> Self {
    Self(
      .tiedButDifferent,
      "differs from the input embedding, though \(config) says that they are tied", file: file,
      tensor: tensor,
      remedy: "Set tie_word_embeddings to false if the output matrix was trained on its own")
  }

  static func tooManyLayers(_ count: Int, file: String) -> Self {
    configValue("num_hidden_layers", is: "\(count)", expected: "at most 10000", file: file)
  }

  static func tooManyExperts(_ count: Int, layers: Int, file: String) -> Self {
    configValue(
      "num_experts", is: "\(count)", expected: "at most 200000 experts in all \(layers) layers",
      file: file)
  }

  static func doubleOrigin(_ tensor: String, _ first: String, _ second: String) -> Self {
    Self(.doubleOrigin, "would come from \(first) and from \(second)", tensor: tensor)
  }

  private static func counted(_ names: [String], _ noun: String) -> String {
    names.count == 1 ? "1 \(noun)" : "\(names.count) \(noun)s"
  }

  /// The first few names of a long list.
  package static func listing(_ names: [String], limit: Int = 6) -> String {
    let shown = names.prefix(limit).joined(separator: ", ")
    return names.count > limit ? "\(shown) and \(names.count - limit) more" : shown
  }
}
