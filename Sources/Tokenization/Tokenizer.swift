public import Diagnostics
import FileIO
import StrictJSON

/// Turns text into the ids that a model reads, and ids into text.
///
/// Made from the files of a Hugging Face model directory, and equal to the `tokenizers` package on
/// them. May be used by several threads at the same time.
public final class Tokenizer: Sendable {
  private let pipeline: Pipeline
  private let workspaces = WorkspacePool()
  private let special: SpecialTokens
  private static let lengthLimit = 1 << 30

  /// The source of the model's chat template, if its files hold one.
  public let chatTemplateSource: String?

  /// Reads `tokenizer.json`, and where present `tokenizer_config.json`, `special_tokens_map.json`
  /// and `chat_template.jinja`.
  ///
  /// - Throws: ``GraftError`` if a file is broken, if files contradict each other, or if the
  ///   tokenizer has a component that is not supported.
  public convenience init(directory: String) throws(GraftError) {
    let config = try TokenizerConfig(directory: directory)
    try self.init(TokenizerFile("\(directory)/tokenizer.json"), config)
  }

  /// Reads the text of a `tokenizer.json`, without other files; `path` is its name in errors.
  package convenience init(json: [UInt8], path: String) throws(GraftError) {
    try self.init(TokenizerFile(bytes: json, path: path), TokenizerConfig())
  }

  private init(_ file: TokenizerFile, _ config: TokenizerConfig) throws(GraftError) {
    pipeline = try Pipeline(file, adding: config.addedTokens)
    special = config.special
    chatTemplateSource = config.chatTemplate
  }

  /// The ids of `text`.
  ///
  /// - Parameters:
  ///   - text: any text; special tokens in it are recognised.
  ///   - addingSpecialTokens: whether to add those that the tokenizer puts around a text, such as
  ///     a token for the beginning.
  /// - Throws: ``GraftError`` if the text is longer than a gigabyte.
  public func encode(
    _ text: String, addingSpecialTokens: Bool = true
  ) throws(GraftError) -> [Int32] {
    let length = text.utf8.count
    guard length <= Self.lengthLimit else { throw .textTooLong(length, limit: Self.lengthLimit) }
    var ids: [Int32] = []
    ids.reserveCapacity(length / 3 + 2)
    if addingSpecialTokens { ids += pipeline.postProcessor?.prefix ?? [] }
    let bytes = Array(text.utf8)
    workspaces.withWorkspace { pipeline.encode(bytes, $0, into: &ids) }
    if addingSpecialTokens { ids += pipeline.postProcessor?.suffix ?? [] }
    return ids
  }

  /// The text of `ids`; ids without a token stand for nothing, broken UTF-8 becomes U+FFFD.
  public func decode(_ ids: [Int32], skippingSpecialTokens: Bool = false) -> String {
    pipeline.decode(ids, skippingSpecialTokens: skippingSpecialTokens)
  }

  /// The highest id + 1.
  public var vocabularySize: Int { pipeline.idCount }

  /// The id of a token, spelled as in the vocabulary.
  public func id(of token: String) -> Int32? {
    pipeline.addedTokens.id(of: token) ?? pipeline.model.vocabulary.id(of: token)
  }

  /// The token of an id, spelled as in the vocabulary.
  public func token(of id: Int32) -> String? {
    pipeline.addedTokens[id]?.content ?? pipeline.model.vocabulary.text(of: id)
  }

  /// The token that begins a text.
  public var bosToken: String? { special.bos }
  /// The token that ends a text.
  public var eosToken: String? { special.eos }
  /// The token that fills up a batch.
  public var padToken: String? { special.pad }
  /// The token of what the vocabulary lacks.
  public var unkToken: String? { special.unk }

  /// The id of ``bosToken``.
  public var bosTokenID: Int32? { bosToken.flatMap(id) }
  /// The id of ``eosToken``.
  public var eosTokenID: Int32? { eosToken.flatMap(id) }
  /// The id of ``padToken``.
  public var padTokenID: Int32? { padToken.flatMap(id) }
  /// The id of ``unkToken``.
  public var unkTokenID: Int32? { unkToken.flatMap(id) }
}
