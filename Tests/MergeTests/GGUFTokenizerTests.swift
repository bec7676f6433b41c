import Checkpoint
import Diagnostics
import FileIO
import Merge
import StrictJSON
import TestSupport
import Testing

@Suite("Rebuilding a tokenizer from GGUF")
struct GGUFTokenizerTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  func tokenizer(_ model: TinyGGUF) throws -> JSONValue {
    let input = try directory.write(model.bytes(), to: "\(UInt64.random(in: 0 ... .max)).gguf")
    let out = directory.file("\(UInt64.random(in: 0 ... .max))")
    _ = try Conversion(input: input, output: out).run()
    return try JSONValue.parse(readFile("\(out)/tokenizer.json"))
  }

  @Test("Tokens, merges, added tokens and named tokens are written")
  func files() throws {
    let input = try directory.write(TinyGGUF().bytes(), to: "a.gguf")
    let out = directory.file("out")
    _ = try Conversion(input: input, output: out).run()
    let tokenizer = try JSONValue.parse(readFile("\(out)/tokenizer.json"))
    let vocabulary = try #require(tokenizer["model"]?["vocab"]?.object)
    #expect(vocabulary.keys == TinyGGUF.tokens)
    #expect(vocabulary.values.compactMap(\.int) == Array(0..<8))
    #expect(tokenizer["model"]?["merges"]?.array?.compactMap(\.string) == ["a b", "Ġ a"])
    let added = try #require(tokenizer["added_tokens"]?.array)
    #expect(added.compactMap { $0["id"]?.int } == [0, 1, 7])
    #expect(added.compactMap { $0["special"]?.bool } == [true, true, false])
    #expect(tokenizer["post_processor"]?.isNull == true)
    let config = try JSONValue.parse(readFile("\(out)/tokenizer_config.json"))
    #expect(config["bos_token"]?.string == "<|start|>")
    #expect(config["eos_token"]?.string == "<|end|>")
    #expect(config["pad_token"] == nil)
    #expect(config["model_max_length"]?.int == 64)
    #expect(config["chat_template"]?.string == "{{ messages }}")
  }

  @Test("A beginning token is put first where the file or its family asks for it")
  func beginningToken() throws {
    var model = TinyGGUF()
    model.set("tokenizer.ggml.add_bos_token", .bool(true))
    let single = try tokenizer(model)["post_processor"]?["single"]?.array
    #expect(single?.first?["SpecialToken"]?["id"]?.string == "<|start|>")
    #expect(single?.count == 2)
    model.set("tokenizer.ggml.add_bos_token", nil)
    model.set("tokenizer.ggml.pre", .string("llama-bpe"))
    #expect(try tokenizer(model)["post_processor"]?["type"]?.string == "TemplateProcessing")
    model.set("tokenizer.ggml.add_bos_token", .bool(false))
    #expect(try tokenizer(model)["post_processor"]?.isNull == true)
  }

  /// tokenizer.json files that were rebuilt from llama.cpp's vocabularies and give the ids of the
  /// models' own tokenizers for all of its test texts.
  @Test(
    "The rules of each family are those that pass llama.cpp's test texts",
    .enabled(if: Shared.isPresent, "needs ../shared"),
    arguments: [
      ("SmolLM2", "smollm"), ("gpt-2", "gpt-2"), ("llama-bpe", "llama-bpe"), ("qwen2", "qwen2"),
    ])
  func families(_ folder: String, _ pre: String) throws {
    let path = "\(try #require(Shared.path))/assets/tokenizers/\(folder)/tokenizer.json"
    guard fileExists(path) else { return }
    let expected = try JSONValue.parse(readFile(path))
    var model = TinyGGUF()
    model.set("tokenizer.ggml.pre", .string(pre))
    let found = try tokenizer(model)
    for part in ["normalizer", "pre_tokenizer", "decoder"] {
      #expect(found[part] == expected[part], "\(part)")
    }
    #expect(found["model"]?["ignore_merges"] == expected["model"]?["ignore_merges"])
  }
}

/// The real model in the cache that Scripts/get-demo-model fills.
@Suite("Converting SmolLM2", .enabled(if: SmolLM2.path != nil, "needs Scripts/get-demo-model"))
struct SmolLM2ConversionTests {
  /// Made by numpy 2.4.6 and gguf 0.19.0 out of the same file, tensors sorted by name, rounded to
  /// nearest even.
  @Test("Weights and tokenizer are the reference's, byte for byte")
  func equalsReference() throws {
    let directory = try TemporaryDirectory()
    let input = try #require(SmolLM2.path)
    let out = directory.file("out")
    let summary = try Conversion(input: input, output: out).run()
    #expect(summary.tensorCount == 272)
    let hashes = Dictionary(uniqueKeysWithValues: summary.files.map { ($0.name, $0.seal.sha256) })
    #expect(hashes["model.safetensors"] == SmolLM2.weights)
    #expect(hashes["tokenizer.json"] == SmolLM2.tokenizer)
    #expect(try sha256(ofFile: "\(out)/model.safetensors") == SmolLM2.weights)
  }
}
