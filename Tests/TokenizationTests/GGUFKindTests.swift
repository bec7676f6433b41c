import FileIO
import StrictJSON
import TestSupport
import Testing

@testable import Tokenization

/// The kinds of `tokenizer.ggml.model`, held against the programs that the vocabularies come from.
@Suite struct `Tokenizers of GGUF files by their kind` {
  /// Fixtures by sentencepiece 0.2.3, see ModelFileTests; the metadata are what llama.cpp's
  /// converter takes over from a SentencePiece model.
  @Test(arguments: [
    ("unigram-nmt_nfkc", "t5"), ("unigram-identity", "t5"), ("bpe-identity", "llama"),
  ])
  func sentencePiece(_ name: String, _ kind: String) throws {
    let path = fixture("models/\(name).model")
    let file = try SentencePieceFile(readFile(path), file: path)
    var metadata = TokenizerMetadata(
      model: kind, tokens: file.pieces.map { String(decoding: $0.text, as: UTF8.self) },
      file: "test.gguf")
    metadata.scores = file.pieces.map(\.score)
    metadata.types = file.pieces.map(\.type)
    metadata.characterMap = file.characterMap
    metadata.addsSpacePrefix = file.addsPrefix
    metadata.removesExtraSpaces = file.removesExtraSpaces
    metadata.addsBOS = false
    let tokenizer = try Tokenizer(metadata)
    let lines = try readFile(fixture("models/\(name).jsonl")).split(separator: 0x0A)
    var compared = 0
    for line in lines {
      let entry = try JSONValue.parse(Array(line))
      let text = try entry.required("text").string ?? ""
      // What a user defined is found first, as transformers does it, not while cutting.
      if text.contains("<sep>") || text.contains("[X]") { continue }
      // llama.cpp's kind `llama` keeps runs of spaces, which that model removes.
      if kind == "llama", text.contains("  ") || text.hasPrefix(" ") || text.hasSuffix(" ") {
        continue
      }
      compared += 1
      let expected = try ids(entry.required("ids"))
      #expect(try tokenizer.encode(text, addingSpecialTokens: false) == expected, "\(text)")
    }
    #expect(compared >= 12)
  }

  /// Llama 2's scores follow its merges; Gemma's merges stand in the file.
  @Test(
    .enabled(if: Shared.isPresent, "needs ../shared"),
    arguments: [("llama-spm", "llama"), ("gemma-4", "gemma4")])
  func real(_ name: String, _ kind: String) throws {
    let folder = "\(RealTokenizers.assets)/\(name)"
    let file = try JSONValue.parse(readFile("\(folder)/tokenizer.json"))
    var tokens: [Int: String] = [:]
    for (token, id) in try file.required("model").required("vocab").object ?? JSONObject() {
      tokens[id.int ?? -1] = token
    }
    var types = [Int](repeating: 1, count: tokens.count)
    for token in file["added_tokens"]?.array ?? [] {
      let id = token["id"]?.int ?? 0
      types[id] = token["special"]?.bool == true ? 3 : 4
    }
    types[tokens.first { $0.value == "<unk>" }?.key ?? 0] = 2
    var metadata = TokenizerMetadata(
      model: kind, tokens: (0..<tokens.count).map { tokens[$0] ?? "" }, file: "test.gguf")
    for (id, token) in metadata.tokens.enumerated()
    where ByteFallbackDecoder.byte(of: Array(token.utf8)[...]) != nil { types[id] = 6 }
    metadata.types = types
    metadata.addsBOS = false
    let merges = try file.required("model").required("merges").array ?? []
    let pairs = merges.map { ($0.array ?? []).map { $0.string ?? "" } }
    if kind == "llama" {
      metadata.scores = Array(repeating: -1e6, count: tokens.count)
      let idOf = Dictionary(tokens.map { ($0.value, $0.key) }) { first, _ in first }
      for (rank, pair) in pairs.enumerated().reversed() {
        metadata.scores[idOf[pair.joined()] ?? 0] = -Float(rank)
      }
    } else {
      metadata.merges = pairs.map { $0.joined(separator: " ") }
    }
    let tokenizer = try Tokenizer(metadata)
    let vectors = try JSONValue.parse(readFile("\(folder)/vectors.json")).array ?? []
    #expect(vectors.count >= 46)
    for vector in vectors {
      let text = try vector.required("text").string ?? ""
      #expect(
        try tokenizer.encode(text, addingSpecialTokens: false) == ids(vector.required("ids")))
    }
  }
}
