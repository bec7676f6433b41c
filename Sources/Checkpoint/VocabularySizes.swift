public import Diagnostics
import FileIO
import StrictJSON
import TensorCore

/// The four places that say how many tokens a model has.
public struct VocabularySizes: Sendable, Hashable, CustomStringConvertible {
  /// `vocab_size` in config.json.
  public var config: Int?
  /// The rows of the input embedding.
  public var embedding: Int?
  /// The rows of the output matrix; nil where there is none of its own.
  public var output: Int?
  /// One more than the tokenizer's highest id; nil where there is no tokenizer.
  public var tokenizer: Int?

  /// Enters sizes that are known.
  public init(config: Int?, embedding: Int?, output: Int?, tokenizer: Int?) {
    self.config = config
    self.embedding = embedding
    self.output = output
    self.tokenizer = tokenizer
  }

  /// Reads the sizes of a model directory.
  ///
  /// - Throws: ``GraftError`` if the tokenizer cannot be read.
  public init(_ model: ModelDirectory) throws(GraftError) {
    self.init(
      config: try? model.config.vocabularySize,
      embedding: model.stored(model.names.embeddingName)?.spec.shape.first,
      output: model.stored(model.names.outputName)?.spec.shape.first,
      tokenizer: try Self.tokens(in: model.path))
  }

  /// Whether a model of these sizes works: embedding and output have as many rows as config.json
  /// says, and the tokenizer gives no id beyond them. Rows without a token are padding.
  public var agree: Bool {
    let rows = [config, embedding, output].compactMap(\.self)
    return Set(rows).count <= 1 && (tokenizer ?? 0) <= (rows.min() ?? .max)
  }

  /// The four numbers in words.
  public var description: String {
    func text(_ size: Int?, _ none: String) -> String { size.map { "\($0)" } ?? none }
    return "config.json says \(text(config, "nothing")), the input embedding has "
      + "\(text(embedding, "no")) rows, the output matrix "
      + "\(text(output, "none of its own")), the tokenizer \(text(tokenizer, "none")) ids"
  }

  /// One more than the highest id of the tokenizer in a directory; nil where it has no
  /// tokenizer.json.
  ///
  /// - Throws: ``GraftError`` if tokenizer.json cannot be read.
  public static func tokens(in directory: String) throws(GraftError) -> Int? {
    let file = "\(directory)/tokenizer.json"
    guard fileExists(file) else { return nil }
    let json = try JSONValue.parse(try readFile(file), file: file)
    var count = 0
    let vocabulary = json["model"]?["vocab"]
    if let ids = vocabulary?.object {
      for id in ids.values { count = max(count, (id.int ?? -1) + 1) }
    } else if let pieces = vocabulary?.array {
      count = pieces.count
    }
    for token in json["added_tokens"]?.array ?? [] {
      count = max(count, (token["id"]?.int ?? -1) + 1)
    }
    return count
  }
}
