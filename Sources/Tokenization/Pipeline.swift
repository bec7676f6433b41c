import Diagnostics
import StrictJSON

/// The components of a tokenizer, in the order in which text passes through them.
struct Pipeline: Sendable {
  let addedTokens: AddedTokens
  let normalizer: (any Normalizer)?
  let preTokenizer: (any PreTokenizer)?
  let model: any TokenModel
  let decoder: (any TokenDecoder)?
  /// How many times as long a text may become.
  private static let growthLimit = 4096

  /// - Parameter file: the name of the tokenizer's file in errors.
  init(
    normalizer: (any Normalizer)?, preTokenizer: (any PreTokenizer)?, model: any TokenModel,
    decoder: (any TokenDecoder)?, addedTokens: [AddedToken], file: String,
    normalizesTokens: Bool = true
  ) throws(GraftError) {
    self.normalizer = normalizer
    self.preTokenizer = preTokenizer
    self.model = model
    self.decoder = decoder
    // A few replacements one after the other would fill any memory.
    let growth = max(
      multiplied(normalizer?.growth ?? 1, preTokenizer?.growth ?? 1), decoder?.growth ?? 1)
    guard growth <= Self.growthLimit else {
      throw .growsTooMuch(growth, limit: Self.growthLimit, file: file)
    }
    for token in addedTokens { try Self.check(token, vocabulary: model.vocabulary, file: file) }
    self.addedTokens = try AddedTokens(addedTokens) { (content) throws(GraftError) in
      guard normalizesTokens, let normalizer else { return content }
      var text = AlignedText(content, 0..<content.count, tracked: false)
      try normalizer.apply(to: &text)
      return text.bytes
    }
    try checkIDs(file: file)
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

  /// Cuts a text at the added tokens and into words.
  ///
  /// - Parameters:
  ///   - onToken: gets each added token, where it stands in the original text, and what stands
  ///     there.
  ///   - onWords: gets the words between them.
  @inline(__always)
  private func cut(
    _ text: [UInt8], tracked: Bool, _ onToken: (Int32, Range<Int>, ArraySlice<UInt8>) -> Void,
    _ onWords: (PreTokenizedText) -> Void
  ) throws(GraftError) {
    let isTracked = tracked || preTokenizer?.needsOrigins == true
    for section in addedTokens.sections(of: text, 0..<text.count, normalized: false) {
      guard case .text(let range) = section else {
        if case .token(let id, let range) = section { onToken(id, range, text[range]) }
        continue
      }
      var part = AlignedText(text, range, tracked: isTracked)
      try normalizer?.apply(to: &part)
      let sections = addedTokens.sections(
        of: part.bytes, 0..<part.bytes.count, normalized: true)
      for section in sections {
        switch section {
        case .token(let id, let range):
          onToken(
            id, origin(of: range, in: part.origins, else: part.start), part.bytes[range])
        case .text(let range):
          var words = PreTokenizedText(AlignedText(part, range))
          try preTokenizer?.apply(to: &words)
          onWords(words)
        }
      }
    }
  }

  /// Appends the ids of a text to those of the workspace, without those of the post-processor.
  func encode(_ text: [UInt8], _ workspace: inout Workspace) throws(GraftError) {
    try cut(text, tracked: false) { id, _, _ in
      workspace.ids.append(id)
    } _: { words in
      workspace.encode(words, model)
    }
  }

  /// The tokens of a text with their places in it as byte offsets, without those of the
  /// post-processor.
  func encoding(
    of text: [UInt8], typeID: Int32, _ scratch: inout MergeScratch
  ) throws(GraftError) -> Encoding {
    var result = Encoding()
    var tokens: [TokenSpan] = []
    var wordID = 0
    func append(_ id: Int32, _ range: Range<Int>, _ token: ArraySlice<UInt8>) {
      result.ids.append(id)
      result.tokens.append(String(decoding: token, as: UTF8.self))
      result.offsets.append(range)
      result.wordIDs.append(wordID)
    }
    try cut(text, tracked: true) { id, range, token in
      append(id, range, token)
      wordID += 1
    } _: { words in
      let bytes = words.bytes.span
      for piece in words.pieces {
        tokens.removeAll(keepingCapacity: true)
        model.encode(
          bytes.extracting(piece), form: words.form, scratch: &scratch, into: &tokens)
        for token in tokens {
          let range =
            token.range.lowerBound + piece.lowerBound..<token.range.upperBound
            + piece.lowerBound
          let spelling =
            token.id == model.transparentID
            ? words.bytes[range] : model.vocabulary.bytes(of: token.id) ?? []
          append(token.id, words.origin(of: range), spelling)
        }
        wordID += 1
      }
    }
    result.typeIDs = Array(repeating: typeID, count: result.count)
    result.isSpecial = Array(repeating: false, count: result.count)
    result.isAttended = Array(repeating: true, count: result.count)
    return result
  }

  /// The text that ids stand for; ids without a token stand for nothing.
  func decode(_ ids: [Int32], skippingSpecialTokens: Bool) -> String {
    var tokens: [ArraySlice<UInt8>] = []
    tokens.reserveCapacity(ids.count)
    for id in ids {
      if let added = addedTokens[id] {
        if skippingSpecialTokens, added.isSpecial { continue }
        tokens.append(addedTokens.decodedContent(of: id)[...])
      } else if let token = model.vocabulary.bytes(of: id) {
        tokens.append(token)
      }
    }
    guard let decoder else {
      return String(decoding: Array(tokens.joined(separator: [0x20])), as: UTF8.self)
    }
    if !tokens.isEmpty { decoder.apply(to: &tokens) }
    return String(decoding: Array(tokens.joined()), as: UTF8.self)
  }
}
