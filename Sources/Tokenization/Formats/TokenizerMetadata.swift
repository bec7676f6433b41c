public import Diagnostics
import StrictJSON

/// A tokenizer as a GGUF file's metadata describe it.
public struct TokenizerMetadata: Sendable {
  /// `tokenizer.ggml.model`: `gpt2`, `llama`, `t5` or `gemma4`; others are refused.
  public var model: String
  /// `tokenizer.ggml.pre`: how text is cut, for `gpt2`.
  public var pre: String?
  /// `tokenizer.ggml.tokens`
  public var tokens: [String]
  /// `tokenizer.ggml.token_type`: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte.
  public var types: [Int] = []
  /// `tokenizer.ggml.scores`
  public var scores: [Float] = []
  /// `tokenizer.ggml.merges`, each two tokens with a space between.
  public var merges: [String] = []
  /// `tokenizer.ggml.bos_token_id`
  public var bosID: Int?
  /// `tokenizer.ggml.eos_token_id`
  public var eosID: Int?
  /// `tokenizer.ggml.padding_token_id`
  public var padID: Int?
  /// `tokenizer.ggml.unknown_token_id`
  public var unknownID: Int?
  /// `tokenizer.ggml.add_bos_token`
  public var addsBOS: Bool?
  /// `tokenizer.ggml.add_eos_token`
  public var addsEOS: Bool?
  /// `tokenizer.ggml.add_space_prefix`
  public var addsSpacePrefix: Bool?
  /// `tokenizer.ggml.remove_extra_whitespaces`
  public var removesExtraSpaces: Bool?
  /// `tokenizer.ggml.precompiled_charsmap`
  public var characterMap: [UInt8] = []
  /// `tokenizer.chat_template`
  public var chatTemplate: String?
  /// The file, for errors.
  public var file: String

  /// A tokenizer of which only the tokens are known so far.
  public init(model: String, tokens: [String], file: String) {
    self.model = model
    self.tokens = tokens
    self.file = file
  }
}

extension Tokenizer {
  /// Builds the tokenizer that a GGUF file's metadata describe.
  ///
  /// A GGUF file does not store whether an added token swallows the spaces beside it; it is taken
  /// not to.
  ///
  /// - Throws: ``GraftError`` if the kind of tokenizer is not known, or if its lists disagree.
  public convenience init(_ metadata: TokenizerMetadata) throws(GraftError) {
    var config = TokenizerConfig()
    config.special = SpecialTokens(
      bos: try metadata.token(metadata.bosID, "bos"),
      eos: try metadata.token(metadata.eosID, "eos"),
      pad: try metadata.token(metadata.padID, "padding"),
      unk: try metadata.token(metadata.unknownID, "unknown"))
    config.chatTemplate = metadata.chatTemplate
    try self.init(metadata.parts(), config)
  }
}

extension TokenizerMetadata {
  fileprivate func token(_ id: Int?, _ name: String) throws(GraftError) -> String? {
    guard let id else { return nil }
    guard tokens.indices.contains(id) else {
      throw .malformedTokenizer(
        "tokenizer.ggml.\(name)_token_id is \(id), beyond the \(tokens.count) tokens", file: file)
    }
    return tokens[id]
  }

  fileprivate func parts() throws(GraftError) -> TokenizerParts {
    for (name, count) in [("token types", types.count), ("scores", scores.count)]
    where count > 0 && count != tokens.count {
      throw .malformedTokenizer("lists \(tokens.count) tokens and \(count) \(name)", file: file)
    }
    var settings = JSONObject()
    let model: any TokenModel
    var addsBOS = self.addsBOS ?? false
    switch self.model {
    case "gpt2":
      // Older files lack the name; to guess would give wrong ids in silence.
      guard let pre, let cutting = ByteLevelCutting.all.first(where: { $0.names.contains(pre) })
      else { throw .unknownPreTokenizer(pre, ByteLevelCutting.all, file: file) }
      settings["normalizer"] = cutting.normalizer
      settings["pre_tokenizer"] = cutting.preTokenizer
      settings["decoder"] = ["type": "ByteLevel"]
      addsBOS = self.addsBOS ?? cutting.addsBOS
      let vocabulary = try vocabulary()
      model = BPE(vocabulary, try mergeTable(vocabulary), ignoresMerges: cutting.ignoresMerges)
    case "llama", "gemma4":
      let isGemma = self.model == "gemma4"
      let addsPrefix = addsSpacePrefix ?? !isGemma
      settings["normalizer"] = SentencePieceSettings.normalizer(addsPrefix: addsPrefix)
      settings["decoder"] = SentencePieceSettings.decoder(stripsSpace: addsPrefix)
      addsBOS = self.addsBOS ?? !isGemma
      let vocabulary = try vocabulary()
      let merges =
        merges.isEmpty
        ? MergeList(
          joining: vocabulary, scores: scores, mayMerge: { type($0) == 1 || type($0) == 4 })
        : try mergeTable(vocabulary)
      let unknown = unknownID ?? types.firstIndex(of: 2)
      model = BPE(
        vocabulary, merges, unknownID: unknown.map { Int32($0) }, fusesUnknown: true,
        fallsBack: true)
    case "t5":
      settings["normalizer"] = SentencePieceSettings.cleaning(
        characterMap, addsPrefix: addsSpacePrefix ?? true,
        removesExtraSpaces: removesExtraSpaces ?? true)
      settings["decoder"] = SentencePieceSettings.decoder(stripsSpace: addsSpacePrefix ?? true)
      guard scores.count == tokens.count else {
        throw .malformedTokenizer("has no scores", file: file)
      }
      let unknown = unknownID ?? types.firstIndex(of: 2)
      model = Unigram(
        try vocabulary(), scores.map(Double.init), unknownID: unknown.map { Int32($0) },
        fallsBack: types.contains(6), roundsScores: true,
        isUsable: { type($0) == 1 || type($0) == 4 })
    default: throw .unknownTokenizerModel(self.model, file: file)
    }
    return try TokenizerParts(
      model: model, settings: .object(settings), addedTokens: addedTokens(),
      prefix: addsBOS ? affix(bosID, ["llama": 1], "bos") : nil,
      suffix: addsEOS ?? (self.model == "t5") ? affix(eosID, ["llama": 2, "t5": 1], "eos") : nil,
      file: file)
  }

  /// The id of a token that is put around a text, or what llama.cpp takes where the file names none.
  private func affix(
    _ id: Int?, _ usual: [String: Int], _ name: String
  ) throws(GraftError) -> Int {
    guard let id = id ?? usual[model], tokens.indices.contains(id) else {
      throw .malformedTokenizer(
        "puts a \(name) token around texts, but has no tokenizer.ggml.\(name)_token_id", file: file)
    }
    return id
  }

  private func type(_ id: Int) -> Int { types.isEmpty ? 1 : types[id] }

  private func vocabulary() throws(GraftError) -> Vocabulary {
    var vocabulary = Vocabulary(capacity: tokens.count)
    for (id, token) in tokens.enumerated() {
      if case .token(let first)? = vocabulary.add(Array(token.utf8).span, id: id) {
        throw .duplicateToken(token, first, id, file: file)
      }
    }
    return vocabulary
  }

  private func mergeTable(_ vocabulary: Vocabulary) throws(GraftError) -> MergeList {
    var table = MergeList(capacity: merges.count)
    for (rank, merge) in merges.enumerated() {
      let bytes = Array(merge.utf8)
      // A token may itself begin with a space.
      guard let space = bytes.dropFirst().firstIndex(of: 0x20) else {
        throw .malformedTokenizer(
          "merge \(rank + 1), '\(merge)', must be two tokens with a space between", file: file)
      }
      let (left, right) = (Array(bytes[..<space]), Array(bytes[(space + 1)...]))
      if let failure = table.add(
        left, right, merged: left + right, rank: rank, vocabulary, file: file)
      {
        throw failure
      }
    }
    return table
  }

  private func addedTokens() -> [AddedToken] {
    tokens.indices.compactMap { id in
      // Control tokens and those that a user defined are found in text; unknown ones as well,
      // where they are spelled out.
      let type = type(id)
      guard (2...4).contains(type) else { return nil }
      return AddedToken(content: tokens[id], id: Int32(id), isSpecial: type == 3)
    }
  }
}
