import Diagnostics

/// Whole words.
struct WordLevel: TokenModel {
  let vocabulary: Vocabulary
  private let unknownID: Int32?

  init(_ file: TokenizerFile, _ reader: ComponentReader) throws(GraftError) {
    vocabulary = try file.readVocabulary()
    let unknown = try reader.optionalString("unk_token") ?? "<unk>"
    unknownID = vocabulary.id(of: unknown)
    guard unknownID != nil else { throw .unknownTokenMissing(unknown, file: reader.file) }
  }

  func encode(
    _ word: Span<UInt8>, form: WordForm, scratch: inout MergeScratch,
    into tokens: inout [TokenSpan]
  ) {
    guard let id = vocabulary.id(of: word) ?? unknownID else { return }
    tokens.append(TokenSpan(id: id, range: 0..<word.count))
  }
}
