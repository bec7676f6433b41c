import Diagnostics

/// The longest token first, and so on through the word.
struct WordPiece: TokenModel {
  let vocabulary: Vocabulary
  private let unknownID: Int32
  private let prefix: [UInt8]
  private let lengthLimit: Int
  private let trie: VocabularyTrie
  /// Where tokens of the inside of a word begin in the trie, if there are any.
  private let inside: Int32?

  init(_ file: TokenizerFile, _ reader: ComponentReader) throws(GraftError) {
    vocabulary = try file.readVocabulary()
    prefix = Array((try reader.optionalString("continuing_subword_prefix") ?? "##").utf8)
    lengthLimit = try reader.int("max_input_chars_per_word", default: 100)
    let unknown = try reader.optionalString("unk_token") ?? "[UNK]"
    guard let id = vocabulary.id(of: unknown) else {
      throw .unknownTokenMissing(unknown, file: reader.file)
    }
    unknownID = id
    trie = VocabularyTrie(vocabulary) { _ in true }
    inside = trie.node(after: prefix)
  }

  func encode(
    _ word: Span<UInt8>, form: WordForm, scratch: inout MergeScratch,
    into tokens: inout [TokenSpan]
  ) {
    let first = tokens.count
    var characterCount = 0
    for i in word.indices where word[i] & 0xC0 != 0x80 { characterCount += 1 }
    var start = 0
    while characterCount <= lengthLimit, start < word.count {
      guard let token = longestToken(word, from: start) else { break }
      tokens.append(token)
      start = token.range.upperBound
    }
    if start < word.count || tokens.count == first {
      tokens.removeLast(tokens.count - first)
      tokens.append(TokenSpan(id: unknownID, range: 0..<word.count))
    }
  }

  private func longestToken(_ word: Span<UInt8>, from start: Int) -> TokenSpan? {
    guard let root = start > 0 ? inside : 0 else { return nil }
    var best: TokenSpan?
    trie.forEachToken(in: word, from: start, below: root) { id, end in
      best = TokenSpan(id: id, range: start..<end)
    }
    return best
  }
}
