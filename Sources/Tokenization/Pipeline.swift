import Diagnostics
import StrictJSON

/// The components of a tokenizer, in the order in which text passes through them.
struct Pipeline: Sendable {
  let addedTokens: AddedTokens
  let normalizer: (any Normalizer)?
  let preTokenizer: (any PreTokenizer)?
  let model: any TokenModel
  var postProcessor: (any PostProcessor)?
  let decoder: (any TokenDecoder)?

  /// Builds the components that a file describes.
  ///
  /// - Parameter more: tokens that another file of the tokenizer adds.
  init(_ file: TokenizerFile, adding more: [AddedToken]) throws(GraftError) {
    let normalizer: (any Normalizer)? =
      if let part = file.component("normalizer") { try makeNormalizer(part) } else { nil }
    preTokenizer =
      if let part = file.component("pre_tokenizer") { try makePreTokenizer(part) } else { nil }
    guard let part = file.component("model") else {
      throw .malformedTokenizer("the model is absent", file: file.path)
    }
    model = try makeModel(file, part)
    postProcessor =
      if let part = file.component("post_processor") { try makePostProcessor(part) } else { nil }
    decoder = if let part = file.component("decoder") { try makeDecoder(part) } else { nil }
    self.normalizer = normalizer

    var tokens = try Self.readAddedTokens(file, vocabulary: model.vocabulary)
    for token in more where !tokens.contains(where: { $0.content == token.content }) {
      try Self.check(token, vocabulary: model.vocabulary, file: file.path)
      tokens.append(token)
    }
    addedTokens = AddedTokens(tokens) { content in
      var content = content
      normalizer?.apply(to: &content)
      return content
    }
    try checkIDs(file: file.path)
  }

  private static func readAddedTokens(
    _ file: TokenizerFile, vocabulary: Vocabulary
  ) throws(GraftError) -> [AddedToken] {
    guard let list = file.settings["added_tokens"], !list.isNull else { return [] }
    let root = ComponentReader(value: file.settings, file: file.path, place: "tokenizer")
    var tokens: [AddedToken] = []
    for reader in try root.components("added_tokens") {
      let token = try AddedToken(reader, id: nil)
      try check(token, vocabulary: vocabulary, file: file.path)
      tokens.append(token)
    }
    return tokens
  }

  private static func check(
    _ token: AddedToken, vocabulary: Vocabulary, file: String
  ) throws(GraftError) {
    if let id = vocabulary.id(of: token.content), id != token.id {
      throw .addedTokenID(token.content, stated: Int(token.id), actual: Int(id), file: file)
    }
    if let other = vocabulary.text(of: token.id), !other.utf8.elementsEqual(token.content.utf8) {
      throw .duplicateID(Int(token.id), other, token.content, file: file)
    }
  }

  /// Refuses added tokens that share an id, and ids without a token.
  private func checkIDs(file: String) throws(GraftError) {
    var contents: [Int32: String] = [:]
    for token in addedTokens.tokens {
      guard let other = contents.updateValue(token.content, forKey: token.id) else { continue }
      if !other.utf8.elementsEqual(token.content.utf8) {
        throw .duplicateID(Int(token.id), other, token.content, file: file)
      }
    }
    let vocabulary = model.vocabulary
    let added = contents.keys.filter { vocabulary.bytes(of: $0) == nil }
    guard vocabulary.count + added.count < idCount else { return }
    for id in 0..<idCount where vocabulary.bytes(of: Int32(id)) == nil {
      guard contents[Int32(id)] == nil else { continue }
      throw .vocabularyHole(
        id, count: vocabulary.count + added.count, highest: idCount - 1, file: file)
    }
  }

  /// The highest id + 1.
  var idCount: Int {
    max(model.vocabulary.idCount, addedTokens.tokens.map { Int($0.id) + 1 }.max() ?? 0)
  }

  /// Appends the ids of a text, without those of the post-processor.
  func encode(_ text: [UInt8], _ workspace: Workspace, into ids: inout [Int32]) {
    for section in addedTokens.sections(of: text, 0..<text.count, normalized: false) {
      switch section {
      case .token(let id): ids.append(id)
      case .text(let range):
        var part = range.count == text.count ? text : Array(text[range])
        normalizer?.apply(to: &part)
        encodeNormalized(part, workspace, into: &ids)
      }
    }
  }

  private func encodeNormalized(
    _ text: [UInt8], _ workspace: Workspace, into ids: inout [Int32]
  ) {
    for section in addedTokens.sections(of: text, 0..<text.count, normalized: true) {
      switch section {
      case .token(let id): ids.append(id)
      case .text(let range):
        var words = PreTokenizedText(range.count == text.count ? text : Array(text[range]))
        preTokenizer?.apply(to: &words)
        encodeWords(words, workspace, into: &ids)
      }
    }
  }

  private func encodeWords(
    _ words: PreTokenizedText, _ workspace: Workspace, into ids: inout [Int32]
  ) {
    let bytes = words.bytes.span
    for range in words.pieces {
      let word = bytes.extracting(range)
      let hash = hashBytes(word)
      if workspace.cache.find(word, hash: hash, into: &ids) { continue }
      let start = ids.count
      model.encode(word, form: words.form, scratch: &workspace.scratch, into: &ids)
      workspace.cache.keep(word, hash: hash, ids: ids[start...])
    }
  }

  /// The text that ids stand for; ids without a token stand for nothing.
  func decode(_ ids: [Int32], skippingSpecialTokens: Bool) -> String {
    var tokens: [ArraySlice<UInt8>] = []
    tokens.reserveCapacity(ids.count)
    for id in ids {
      if let added = addedTokens[id] {
        if skippingSpecialTokens, added.isSpecial { continue }
        tokens.append(Array(added.content.utf8)[...])
      } else if let token = model.vocabulary.bytes(of: id) {
        tokens.append(token)
      }
    }
    guard let decoder else {
      return String(decoding: Array(tokens.joined(separator: [0x20])), as: UTF8.self)
    }
    decoder.apply(to: &tokens)
    return String(decoding: Array(tokens.joined()), as: UTF8.self)
  }
}
