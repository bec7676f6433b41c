import FileIO
import StrictJSON
import TestSupport
import Testing
import Tokenization

/// Goldens by `tokenizers` 0.23.3; see `assets/scripts/make_tok_golden.py` there.
@Suite(.enabled(if: Shared.isPresent, "needs ../shared"))
struct `Real tokenizers give the ids of the tokenizers package` {
  static let names = ["SmolLM2", "gpt-2", "starcoder", "llama-bpe", "qwen2"]

  @Test(arguments: names)
  func encodesAndDecodes(_ name: String) throws {
    let assets = "\(Shared.path ?? "")/assets/tokenizers"
    let tokenizer = try Tokenizer(directory: "\(assets)/\(name)")
    let texts =
      try JSONValue.parse(readFile("\(assets)/conformance_texts.json"))
      .required("texts").array ?? []
    let lines = try readFile("\(assets)/\(name)/golden.jsonl").split(separator: 0x0A)
    #expect(texts.count == 259)
    #expect(lines.count == texts.count)
    for (text, line) in zip(texts, lines) {
      let golden = try TokenizerGolden(
        JSONValue.parse(Array(line)), text: text.required("text").string)
      #expect(try tokenizer.encode(golden.text, addingSpecialTokens: false) == golden.ids)
      #expect(try tokenizer.encode(golden.text) == golden.idsWithSpecial)
      #expect(tokenizer.decode(golden.ids) == golden.decoded)
    }
  }

  @Test func readsTheFilesBesideIt() throws {
    let tokenizer = try Tokenizer(directory: "\(Shared.path ?? "")/assets/tokenizers/SmolLM2")
    #expect(tokenizer.vocabularySize == 49152)
    #expect(tokenizer.bosToken == "<|im_start|>")
    #expect(tokenizer.bosTokenID == 1)
    #expect(tokenizer.eosTokenID == 2)
    #expect(tokenizer.padTokenID == 2)
    #expect(tokenizer.unkTokenID == 0)
    #expect(tokenizer.chatTemplateSource?.contains("SmolLM") == true)
  }
}
