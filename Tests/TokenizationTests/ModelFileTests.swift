import Diagnostics
import FileIO
import StrictJSON
import TestSupport
import Testing
@testable import Tokenization

/// Fixtures by Scripts/golden/make_model_files.py with sentencepiece 0.2.3 and transformers 5.23.
@Suite struct `Tokenizers in other files than tokenizer.json` {
  @Test(arguments: [
    ("unigram-nmt_nfkc", "model"), ("unigram-identity", "model"), ("bpe-nmt_nfkc", "model"),
    ("bpe-identity", "model"), ("small", "tiktoken"),
  ])
  func giveTheSameIDs(_ name: String, _ ending: String) throws {
    let tokenizer = try Tokenizer(modelFile: fixture("models/\(name).\(ending)"))
    let lines = try readFile(fixture("models/\(name).jsonl")).split(separator: 0x0A)
    #expect(lines.count == 79)
    for line in lines {
      let entry = try JSONValue.parse(Array(line))
      let text = try entry.required("text").string ?? ""
      let expected = try ids(entry.required("ids"))
      #expect(try tokenizer.encode(text, addingSpecialTokens: false) == expected, "\(text)")
      #expect(
        try tokenizer.encoding(of: text, addingSpecialTokens: false).ids == expected, "\(text)")
    }
  }

  @Test func brokenOnesAreRefused() throws {
    let good = try readFile(fixture("models/bpe-identity.model"))
    let scratch = try TemporaryDirectory()
    for length in [1, 17, 100, good.count - 1] {
      let path = try scratch.write(Array(good.prefix(length)), to: "\(length).model")
      #expect(throws: GraftError.self) { try Tokenizer(modelFile: path) }
    }
    let twice = try scratch.write(Array("aGVsbG8= 0\naGVsbG8= 1\n".utf8), to: "a.tiktoken")
    let error = #expect(throws: GraftError.self) { try Tokenizer(modelFile: twice) }
    #expect(error?.code == .duplicateToken)
    let line = try scratch.write(Array("aGVsbG8= 0\nnonsense\n".utf8), to: "b.tiktoken")
    let second = #expect(throws: GraftError.self) { try Tokenizer(modelFile: line) }
    #expect(second?.line == 2)
  }

  /// As transformers 5.23 does it.
  @Test func settingsBesideTheFileCount() throws {
    let scratch = try TemporaryDirectory()
    _ = try scratch.write(
      readFile(fixture("tiny/smollm") + "/tokenizer.json"), to: "tokenizer.json")
    let plain = try Tokenizer(directory: scratch.path)
    let text = "the dog"
    let ids = try plain.encode(text)
    let first = try #require(plain.token(of: 0))
    let config = """
      {"bos_token": \(JSONValue.string(first).text()), "eos_token": {"content": "<new>"},
       "add_bos_token": true, "add_eos_token": true}
      """
    _ = try scratch.write(Array(config.utf8), to: "tokenizer_config.json")
    let tokenizer = try Tokenizer(directory: scratch.path)
    let new = Int32(plain.vocabularySize)
    #expect(tokenizer.eosTokenID == new)
    #expect(try tokenizer.encode(text) == [0] + ids + [new])
    #expect(try tokenizer.encode("<new>", addingSpecialTokens: false) == [new])
    let other = try TemporaryDirectory()
    _ = try other.write(
      readFile(fixture("tiny/smollm") + "/tokenizer.json"), to: "tokenizer.json")
    _ = try other.write(Array(#"{"<older>": \#(new)}"#.utf8), to: "added_tokens.json")
    let older = try Tokenizer(directory: other.path)
    #expect(try older.encode("<older>") == [new])
  }

  @Test(
    .enabled(if: Shared.isPresent, "needs ../shared"),
    arguments: [
      ("gpt-2", "gpt-2"), ("starcoder", "starcoder"), ("llama-bpe", "llama-bpe"),
      ("qwen2", "qwen2"), ("deepseek-llm", "deepseek-llm"), ("real-falcon", "falcon"),
    ])
  func metadataCutAsTheModelDoes(_ name: String, _ pre: String) throws {
    let folder = "\(RealTokenizers.assets)/\(name)"
    let file = try JSONValue.parse(readFile("\(folder)/tokenizer.json"))
    var tokens: [Int: String] = [:]
    for (token, id) in try file.required("model").required("vocab").object ?? JSONObject() {
      tokens[id.int ?? -1] = token
    }
    var types = [Int](repeating: 1, count: tokens.count + 64)
    for token in file["added_tokens"]?.array ?? [] {
      let id = token["id"]?.int ?? 0
      tokens[id] = token["content"]?.string
      types[id] = 3
    }
    var metadata = TokenizerMetadata(
      model: "gpt2", tokens: (0..<tokens.count).map { tokens[$0] ?? "" }, file: "test.gguf")
    metadata.pre = pre
    metadata.types = Array(types.prefix(tokens.count))
    metadata.addsBOS = false
    metadata.merges = (try file.required("model").required("merges").array ?? []).map { merge in
      merge.string ?? (merge.array ?? []).map { $0.string ?? "" }.joined(separator: " ")
    }
    let tokenizer = try Tokenizer(metadata)
    let texts =
      try JSONValue.parse(readFile("\(RealTokenizers.assets)/conformance_texts.json"))
      .required("texts").array ?? []
    let lines = try readFile("\(folder)/golden.jsonl").split(separator: 0x0A)
    for (text, line) in zip(texts, lines) {
      let golden = try ids(JSONValue.parse(Array(line)).required("ids"))
      #expect(try tokenizer.encode(text.required("text").string ?? "") == golden)
    }
  }

  /// Every rule has expressions that compile, and covers the whole text.
  @Test(arguments: ByteLevelCutting.all)
  func everyRuleCutsAll(_ cutting: ByteLevelCutting) throws {
    let alphabet = (UInt8.min...UInt8.max).map { byte in
      var spelling: [UInt8] = []
      ByteAlphabet.append(byte, to: &spelling)
      return String(decoding: spelling, as: UTF8.self)
    }
    let text = "Hello we'll  see\r\n\n 1234567 naïve 你好 हिन्दी\t e\u{301}! <|x|>"
    for name in cutting.names {
      var metadata = TokenizerMetadata(model: "gpt2", tokens: alphabet, file: "test.gguf")
      metadata.pre = name
      metadata.addsBOS = false
      let tokenizer = try Tokenizer(metadata)
      let ids = try tokenizer.encode(text)
      #expect(tokenizer.decode(ids).utf8.elementsEqual(text.utf8) || !cutting.normalizer.isNull)
    }
  }

  @Test func namesOfRulesAreUnique() {
    let names = ByteLevelCutting.all.flatMap(\.names)
    #expect(Set(names).count == names.count)
  }

  @Test func metadataThatDisagreeAreRefused() {
    var metadata = TokenizerMetadata(model: "gpt2", tokens: ["a", "b"], file: "test.gguf")
    #expect(throws: GraftError.self) { try Tokenizer(metadata) }
    metadata.pre = "strange"
    #expect(throws: GraftError.self) { try Tokenizer(metadata) }
    metadata.pre = "gpt-2"
    metadata.tokens = ["a", "a"]
    let twice = #expect(throws: GraftError.self) { try Tokenizer(metadata) }
    #expect(twice?.code == .duplicateToken)
    #expect(twice?.file == "test.gguf")
    metadata.tokens = ["a", "b"]
    metadata.types = [1]
    #expect(throws: GraftError.self) { try Tokenizer(metadata) }
    metadata.types = []
    metadata.merges = ["a c"]
    let error = #expect(throws: GraftError.self) { try Tokenizer(metadata) }
    #expect(error?.code == .mergeWithoutToken)
    metadata.merges = []
    metadata.addsEOS = true
    let nameless = #expect(throws: GraftError.self) { try Tokenizer(metadata) }
    #expect(nameless?.message.contains("tokenizer.ggml.eos_token_id") == true)
    metadata.eosID = 7
    #expect(throws: GraftError.self) { try Tokenizer(metadata) }
  }

  @Test func manyTextsAreEncodedInOrder() throws {
    let tokenizer = try Tokenizer(directory: fixture("tiny/smollm"))
    let texts = (0..<500).map { "text number \($0), the dog's" }
    let expected = try texts.map { try tokenizer.encode($0) }
    #expect(try tokenizer.encode(texts, threads: 4) == expected)
  }
}
