import Diagnostics
import StrictJSON

/// A tiktoken file: lines of a token in Base64 and its rank.
struct TiktokenFile {
  private let file: String
  private let vocabulary: Vocabulary

  /// Whether the first line of a file is one of a tiktoken file.
  static func isOne(_ bytes: [UInt8]) -> Bool {
    let line = bytes.prefix(512).prefix { $0 != 0x0A }
    let parts = line.split(separator: 0x20)
    return parts.count == 2 && Base64.decode(String(decoding: parts[0], as: UTF8.self)) != nil
      && Int(String(decoding: parts[1], as: UTF8.self)) != nil
  }

  init(_ bytes: [UInt8], file: String) throws(GraftError) {
    self.file = file
    var vocabulary = Vocabulary(capacity: bytes.count / 12)
    var number = 0
    for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
      number += 1
      guard line.contains(where: { $0 != 0x0D && $0 != 0x20 }) else { continue }
      let parts = line.split { $0 == 0x20 || $0 == 0x0D }
      guard parts.count == 2, let token = Base64.decode(String(decoding: parts[0], as: UTF8.self)),
        let rank = Int(String(decoding: parts[1], as: UTF8.self)), rank >= 0,
        rank < TokenizerFile.idLimit
      else { throw .malformedLine("must be a token in Base64 and its rank", number, file: file) }
      var spelling: [UInt8] = []
      for byte in token { ByteAlphabet.append(byte, to: &spelling) }
      let text = String(decoding: spelling, as: UTF8.self)
      switch vocabulary.add(spelling.span, id: rank) {
      case nil: break
      case .token(let first): throw .duplicateToken(text, first, rank, file: file)
      case .id(let first): throw .duplicateID(rank, first, text, file: file)
      }
    }
    self.vocabulary = vocabulary
  }

  /// The tokenizer's components; text is cut as the file's name says, or else as cl100k does.
  ///
  /// - Parameter added: the tokens that stand in another file.
  func parts(adding added: [AddedToken]) throws(GraftError) -> TokenizerParts {
    let name = file.split(separator: "/").last.map { $0.lowercased() } ?? ""
    let family = name.contains("o200k") ? "gpt-4o" : name.contains("qwen") ? "qwen2" : "llama-bpe"
    let cutting = ByteLevelCutting.all.first { $0.names.contains(family) }
    var settings = JSONObject()
    settings["pre_tokenizer"] = cutting?.preTokenizer
    settings["decoder"] = ["type": "ByteLevel"]
    if family == "qwen2" { settings["normalizer"] = cutting?.normalizer }
    let model = BPE(
      vocabulary, MergeList(joining: vocabulary, scores: nil, mayMerge: { _ in true }),
      ignoresMerges: true)
    return try TokenizerParts(
      model: model, settings: .object(settings), addedTokens: added, prefix: nil, suffix: nil,
      file: file)
  }
}
