import FileIO
import StrictJSON
import TestSupport
import Testing
import Tokenization

/// The folders of real tokenizers.
enum RealTokenizers {
  static let assets = "\(Shared.path ?? "")/assets/tokenizers"
  static let names =
    ((try? directoryEntries(assets)) ?? []).filter { fileExists("\(assets)/\($0)/tokenizer.json") }
    .sorted()
}

/// Goldens by `tokenizers` 0.23.3; see `assets/scripts/make_tok_golden.py` there.
@Suite(.enabled(if: Shared.isPresent, "needs ../shared"))
struct `Real tokenizers give the ids of the tokenizers package` {
  private static let assets = RealTokenizers.assets
  static let names = RealTokenizers.names

  @Test func areAllThere() { #expect(Self.names.count == 17) }

  private func tokenizer(_ name: String) throws -> Tokenizer {
    let path = "\(Self.assets)/\(name)/tokenizer.json"
    return try Tokenizer(json: readFile(path), path: path)
  }

  @Test(arguments: names)
  func encodesAndDecodes(_ name: String) throws {
    let tokenizer = try tokenizer(name)
    let texts =
      try JSONValue.parse(readFile("\(Self.assets)/conformance_texts.json"))
      .required("texts").array ?? []
    let lines = try readFile("\(Self.assets)/\(name)/golden.jsonl").split(separator: 0x0A)
    #expect(texts.count == 259)
    #expect(lines.count == texts.count)
    for (text, line) in zip(texts, lines) {
      let golden = try TokenizerGolden(
        JSONValue.parse(Array(line)), text: text.required("text").string)
      #expect(try tokenizer.encode(golden.text, addingSpecialTokens: false) == golden.ids)
      #expect(try tokenizer.encode(golden.text) == golden.idsWithSpecial)
      #expect(try tokenizer.encoding(of: golden.text).ids == golden.idsWithSpecial)
      #expect(tokenizer.decode(golden.ids).utf8.elementsEqual(golden.decoded.utf8))
    }
  }

  /// The ids that the models' own tokenizers give, as llama.cpp keeps them.
  @Test(arguments: names.filter { fileExists("\(assets)/\($0)/vectors.json") })
  func givesTheVectors(_ name: String) throws {
    let tokenizer = try tokenizer(name)
    let vectors = try JSONValue.parse(readFile("\(Self.assets)/\(name)/vectors.json")).array ?? []
    #expect(vectors.count >= 46)
    for vector in vectors {
      let text = try vector.required("text").string ?? ""
      let expected = try ids(vector.required("ids"))
      #expect(try tokenizer.encode(text, addingSpecialTokens: false) == expected)
    }
  }

  @Test func readsTheFilesBesideIt() throws {
    let tokenizer = try Tokenizer(directory: "\(Self.assets)/SmolLM2")
    #expect(tokenizer.vocabularySize == 49152)
    #expect(tokenizer.bosToken == "<|im_start|>")
    #expect(tokenizer.bosTokenID == 1)
    #expect(tokenizer.eosTokenID == 2)
    #expect(tokenizer.padTokenID == 2)
    #expect(tokenizer.unkTokenID == 0)
    #expect(tokenizer.chatTemplateSource?.contains("SmolLM") == true)
  }
}
