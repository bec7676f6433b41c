import Diagnostics
import StrictJSON

/// Turns one word, as pre-tokenization made it, into ids.
///
/// To add a model: a file of its own in this folder, and a line in ``makeModel(_:_:)``.
protocol TokenModel: Sendable {
  /// The tokens.
  var vocabulary: Vocabulary { get }
  /// Whether words may be given in the form ``WordForm/bytes``.
  var readsBytes: Bool { get }

  /// The id of tokens that are shown as what they cover, not as in the vocabulary.
  var transparentID: Int32? { get }

  /// Appends the ids of `word`.
  ///
  /// - Parameters:
  ///   - word: UTF-8, never empty.
  ///   - form: whether the bytes are the characters themselves, or still to be spelled in the
  ///     byte alphabet.
  ///   - scratch: memory to work in.
  func encode(
    _ word: Span<UInt8>, form: WordForm, scratch: inout MergeScratch, into ids: inout [Int32])

  /// Appends the tokens of `word` and the bytes that each one covers.
  func encode(
    _ word: Span<UInt8>, form: WordForm, scratch: inout MergeScratch,
    into tokens: inout [TokenSpan])
}

extension TokenModel {
  var readsBytes: Bool { false }
  var transparentID: Int32? { nil }

  func encode(
    _ word: Span<UInt8>, form: WordForm, scratch: inout MergeScratch, into ids: inout [Int32]
  ) {
    var tokens: [TokenSpan] = []
    encode(word, form: form, scratch: &scratch, into: &tokens)
    for token in tokens { ids.append(token.id) }
  }
}

/// A token, and the bytes of the word that it covers.
struct TokenSpan {
  var id: Int32
  var range: Range<Int>
}

/// How the bytes of a word are to be read.
enum WordForm: Sendable {
  /// UTF-8 characters.
  case characters
  /// Single bytes, each of which stands for its character in ``ByteAlphabet``.
  case bytes
}

/// Creates the model that a tokenizer file describes.
func makeModel(_ file: TokenizerFile, _ reader: ComponentReader) throws(GraftError)
  -> any TokenModel
{
  switch reader.value["type"]?.string ?? guessedType(file, reader) {
  case "BPE": return try BPE(file, reader)
  case "Unigram": return try Unigram(file, reader)
  case "WordLevel": return try WordLevel(file, reader)
  case "WordPiece": return try WordPiece(file, reader)
  case let other:
    throw reader.unsupported(
      other ?? "without a type", supported: ["BPE", "Unigram", "WordLevel", "WordPiece"])
  }
}

/// The type of a model in a file older than that key.
private func guessedType(_ file: TokenizerFile, _ reader: ComponentReader) -> String? {
  if file.merges != nil { return "BPE" }
  if file.vocabularyList != nil { return "Unigram" }
  if reader.value["continuing_subword_prefix"] != nil { return "WordPiece" }
  return file.vocabulary == nil ? nil : "WordLevel"
}
