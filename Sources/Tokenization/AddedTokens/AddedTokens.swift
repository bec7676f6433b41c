import Diagnostics

/// The added tokens of a tokenizer, and how they are found in a text.
struct AddedTokens: Sendable {
  /// The tokens.
  let tokens: [AddedToken]
  private let byID: [Int32: Int]
  private let byContent: [[UInt8]: Int32]
  /// What tokens are decoded as that are found in normalized text in another spelling.
  private var normalizedContents: [Int32: [UInt8]] = [:]
  private var raw = TokenTrie()
  private var normalized = TokenTrie()

  /// A part of a text.
  enum Section: Equatable {
    /// Text that is still to be encoded.
    case text(Range<Int>)
    /// An added token.
    case token(Int32, Range<Int>)
  }

  /// - Parameter normalize: what the tokenizer does to a text before it looks for the tokens that
  ///   are found in normalized text.
  init(
    _ tokens: [AddedToken], normalize: ([UInt8]) throws(GraftError) -> [UInt8]
  ) throws(GraftError) {
    self.tokens = tokens
    byID = Dictionary(tokens.indices.map { (tokens[$0].id, $0) }) { first, _ in first }
    byContent = Dictionary(tokens.map { (Array($0.content.utf8), $0.id) }) { first, _ in first }
    for (i, token) in tokens.enumerated() {
      let content = Array(token.content.utf8)
      if token.isNormalized {
        let spelling = try normalize(content)
        if spelling != content { normalizedContents[token.id] = spelling }
        normalized.add(spelling, value: i)
      } else {
        raw.add(content, value: i)
      }
    }
  }

  /// The token with an id.
  subscript(id: Int32) -> AddedToken? { byID[id].map { tokens[$0] } }

  /// What an added token is decoded from.
  func decodedContent(of id: Int32) -> [UInt8] {
    normalizedContents[id] ?? self[id].map { Array($0.content.utf8) } ?? []
  }

  /// The id of a token.
  func id(of content: String) -> Int32? { byContent[Array(content.utf8)] }

  /// Cuts the part `range` of a text at the added tokens.
  ///
  /// - Parameter normalized: whether the text is normalized already, and the tokens to look for
  ///   are those that are found there.
  func sections(
    of text: [UInt8], _ range: Range<Int>, normalized isNormalized: Bool
  ) -> [Section] {
    let trie = isNormalized ? normalized : raw
    if trie.isEmpty { return range.isEmpty ? [] : [.text(range)] }
    var sections: [Section] = []
    var textStart = range.lowerBound
    var searchStart = range.lowerBound
    while let match = trie.firstMatch(in: text.span, searchStart..<range.upperBound) {
      searchStart = match.range.upperBound
      let token = tokens[match.value]
      guard let taken = extent(of: token, match.range, textStart, in: text, range) else { continue }
      if textStart < taken.lowerBound { sections.append(.text(textStart..<taken.lowerBound)) }
      sections.append(.token(token.id, taken))
      textStart = taken.upperBound
    }
    if textStart < range.upperBound { sections.append(.text(textStart..<range.upperBound)) }
    return sections
  }

  /// What a token takes of the text where it was found, or nil if it does not count there.
  private func extent(
    of token: AddedToken, _ match: Range<Int>, _ textStart: Int, in text: [UInt8],
    _ range: Range<Int>
  ) -> Range<Int>? {
    guard token.isSingleWord || token.stripsLeft || token.stripsRight else { return match }
    return withCharacters(of: text) { characters in
      var start = match.lowerBound
      var end = match.upperBound
      if token.isSingleWord {
        if start > range.lowerBound {
          let before = characters.start(ofCharacterBefore: start)
          if isWordCharacter(characters.scalar(at: before).value) { return nil }
        }
        if end < range.upperBound, isWordCharacter(characters.scalar(at: end).value) { return nil }
      }
      if token.stripsLeft {
        while start > textStart {
          let before = characters.start(ofCharacterBefore: start)
          guard characters.character(at: before).classes.contains(.space) else { break }
          start = before
        }
      }
      if token.stripsRight {
        end = characters.endOfRun(from: end, before: range.upperBound) { $0.contains(.space) }
      }
      return start..<max(start, end)
    }
  }

  /// `\w` as Unicode defines it for regular expressions.
  private func isWordCharacter(_ value: UInt32) -> Bool { RareClasses(of: value).contains(.word) }
}
