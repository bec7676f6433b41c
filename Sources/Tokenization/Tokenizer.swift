public import Diagnostics
import FileIO
import StrictJSON

/// Turns text into the ids that a model reads, and ids into text.
///
/// Made from the files of a Hugging Face model directory, and equal to the `tokenizers` package on
/// them. May be used by several threads at the same time.
public final class Tokenizer: Sendable {
  private let pipeline: Pipeline
  private let postProcessor: (any PostProcessor)?
  /// The ids that the post-processor puts around a text.
  private let affixes: (prefix: [Int32], suffix: [Int32])
  private let workspaces = WorkspacePool()
  private let special: SpecialTokens
  private static let lengthLimit = 1 << 30

  /// The source of the model's chat template, if its files hold one.
  public let chatTemplateSource: String?
  /// How the file wants encodings cut, if it says so; ``encode(_:addingSpecialTokens:)`` does not.
  public let truncation: Truncation?
  /// How the file wants encodings filled up, if it says so.
  public let padding: Padding?

  /// Reads `tokenizer.json`, or else `tokenizer.model` or a tiktoken file, and where present
  /// `tokenizer_config.json`, `special_tokens_map.json`, `added_tokens.json` and
  /// `chat_template.jinja`.
  ///
  /// - Throws: ``GraftError`` if a file is broken, if files contradict each other, or if the
  ///   tokenizer has a component that is not supported.
  public convenience init(directory: String) throws(GraftError) {
    let config = try TokenizerConfig(directory: directory)
    let path = "\(directory)/tokenizer.json"
    if fileExists(path) {
      try self.init(TokenizerFile(path), config)
    } else {
      try self.init(modelFileIn: directory, config)
    }
  }

  /// Reads the text of a `tokenizer.json`, without other files; `path` is its name in errors.
  package convenience init(json: [UInt8], path: String) throws(GraftError) {
    try self.init(TokenizerFile(bytes: json, path: path), TokenizerConfig())
  }

  /// Reads `tokenizer.model` or a tiktoken file.
  private convenience init(
    modelFileIn directory: String, _ config: TokenizerConfig
  ) throws(GraftError) {
    let names = try directoryEntries(directory).sorted()
    guard
      let name = names.first(where: { $0 == "tokenizer.model" })
        ?? names.first(where: { $0.hasSuffix(".model") || $0.hasSuffix(".tiktoken") })
    else { throw .noTokenizer(directory) }
    try self.init(modelFile: "\(directory)/\(name)", config)
  }

  /// Reads a SentencePiece model or a tiktoken file, without other files.
  ///
  /// - Throws: ``GraftError`` if it is neither, or broken.
  public convenience init(modelFile path: String) throws(GraftError) {
    try self.init(modelFile: path, TokenizerConfig())
  }

  private convenience init(
    modelFile path: String, _ config: TokenizerConfig
  ) throws(GraftError) {
    let bytes = try readFile(path)
    var config = config
    if TiktokenFile.isOne(bytes) {
      try self.init(TiktokenFile(bytes, file: path).parts(adding: config.addedTokens), config)
    } else {
      let file = try SentencePieceFile(bytes, file: path)
      config.special.fill(from: file.special)
      try self.init(file.parts(adding: config.addedTokens), config)
    }
  }

  private convenience init(
    _ file: TokenizerFile, _ config: TokenizerConfig
  ) throws(GraftError) {
    try self.init(TokenizerParts(file, adding: config), config)
  }

  init(_ parts: TokenizerParts, _ config: TokenizerConfig) throws(GraftError) {
    pipeline = parts.pipeline
    special = config.special
    var postProcessor = parts.postProcessor
    if let adds = config.adds {
      // As transformers has it, these settings replace the file's own post-processor.
      func id(_ token: String?) -> Int32? {
        token.flatMap {
          parts.pipeline.addedTokens.id(of: $0) ?? parts.pipeline.model.vocabulary.id(of: $0)
        }
      }
      postProcessor = TemplatePostProcessor(
        prefix: adds.bos ? id(special.bos) : nil, suffix: adds.eos ? id(special.eos) : nil)
    }
    self.postProcessor = postProcessor
    truncation = parts.truncation
    padding = parts.padding
    chatTemplateSource = config.chatTemplate
    affixes = Self.affixes(postProcessor)
  }

  /// What a post-processor puts around a text: found out with a mark for the text.
  private static func affixes(
    _ processor: (any PostProcessor)?
  ) -> (prefix: [Int32], suffix: [Int32]) {
    guard let processor else { return ([], []) }
    var mark = Encoding()
    mark.appendSpecial(-1, "", typeID: 0)
    var encodings = [mark]
    processor.apply(to: &encodings, addingSpecialTokens: true) { _ in "" }
    let ids = encodings.flatMap(\.ids)
    guard let text = ids.firstIndex(of: -1) else { return ([], []) }
    return (Array(ids[..<text]), Array(ids[(text + 1)...]))
  }

  /// The ids of `text`.
  ///
  /// - Parameters:
  ///   - text: any text; special tokens in it are recognised.
  ///   - addingSpecialTokens: whether to add those that the tokenizer puts around a text, such as
  ///     a token for the beginning.
  /// - Throws: ``GraftError`` if the text is longer than a gigabyte, or if a regular expression of
  ///   the tokenizer takes too long on it.
  public func encode(
    _ text: String, addingSpecialTokens: Bool = true
  ) throws(GraftError) -> [Int32] {
    let bytes = try utf8(of: text)
    return try workspaces.withWorkspace { (workspace) throws(GraftError) in
      workspace.ids.removeAll()
      try pipeline.encode(bytes, &workspace)
      return workspace.ids.array(
        prefix: addingSpecialTokens ? affixes.prefix : [],
        suffix: addingSpecialTokens ? affixes.suffix : [])
    }
  }

  /// The tokens of a text, or of a pair of texts, with their places in the text.
  ///
  /// - Parameters:
  ///   - text: any text; special tokens in it are recognised.
  ///   - second: a second text, for tokenizers with a template for pairs.
  ///   - addingSpecialTokens: whether to add the tokens that belong around a text.
  ///   - applyingLimits: whether to cut and fill up as ``truncation`` and ``padding`` say.
  /// - Throws: ``GraftError`` as ``encode(_:addingSpecialTokens:)``.
  public func encoding(
    of text: String, and second: String? = nil, addingSpecialTokens: Bool = true,
    applyingLimits: Bool = false
  ) throws(GraftError) -> Encoding {
    var encodings = [try characterEncoding(of: text, typeID: 0)]
    if let second { encodings.append(try characterEncoding(of: second, typeID: 1)) }
    if applyingLimits, let truncation {
      let added = postProcessor?.addedCount(isPair: second != nil) ?? 0
      try truncation.apply(to: &encodings, reserving: addingSpecialTokens ? added : 0)
    }
    postProcessor?.apply(
      to: &encodings, addingSpecialTokens: addingSpecialTokens
    ) { token(of: $0) ?? "" }
    var result = encodings.first ?? Encoding()
    for encoding in encodings.dropFirst() { result.append(encoding) }
    if applyingLimits, let padding {
      let length = padding.length ?? result.count
      let multiple = max(1, padding.multiple)
      result.pad(to: (length + multiple - 1) / multiple * multiple, with: padding)
    }
    return result
  }

  private func characterEncoding(
    of text: String, typeID: Int32
  ) throws(GraftError) -> Encoding {
    let bytes = try utf8(of: text)
    var result = try workspaces.withWorkspace { (workspace) throws(GraftError) in
      try pipeline.encoding(of: bytes, typeID: typeID, &workspace.scratch)
    }
    CharacterOffsets.convert(&result.offsets, in: bytes)
    return result
  }

  private func utf8(of text: String) throws(GraftError) -> [UInt8] {
    let length = text.utf8.count
    guard length <= Self.lengthLimit else { throw .textTooLong(length, limit: Self.lengthLimit) }
    return Array(text.utf8)
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
