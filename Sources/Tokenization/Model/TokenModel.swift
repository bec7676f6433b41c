import Diagnostics
import StrictJSON

/// Turns one word, as pre-tokenization made it, into ids.
///
/// To add a model: a file of its own in this folder, and a line in ``makeModel(_:_:)``.
protocol TokenModel: Sendable {
  /// The tokens.
  var vocabulary: Vocabulary { get }

  /// Appends the ids of `word`.
  ///
  /// - Parameters:
  ///   - word: UTF-8, never empty.
  ///   - form: whether the bytes are the characters themselves, or still to be spelled in the
  ///     byte alphabet.
  ///   - scratch: memory to work in.
  func encode(
    _ word: Span<UInt8>, form: WordForm, scratch: inout MergeScratch, into ids: inout [Int32])
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
  // Files older than the type's name hold a byte-pair encoding if they hold merges.
  let type = reader.value["type"]?.string ?? (file.merges == nil ? nil : "BPE")
  switch type {
  case "BPE": return try BPE(file, reader)
  default: throw reader.unsupported(type ?? "without a type", supported: ["BPE"])
  }
}
