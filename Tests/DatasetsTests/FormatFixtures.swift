import Datasets
import Diagnostics
import FileIO
import StrictJSON
import TestSupport
import Testing
import Tokenization

/// Fixtures by Scripts/golden/make_format_golden.py: conversations, and the words of all formats.
struct FormatFixtures {
  let golden: JSONValue
  let directory: TemporaryDirectory

  init() throws {
    let folder = splitPath(#filePath).parent + "/Fixtures"
    golden = try JSONValue.parse(readFile("\(folder)/formats.json"))
    directory = try TemporaryDirectory()
  }

  var conversations: [JSONValue] { golden["conversations"]?.array ?? [] }

  /// A directory with a small tokenizer that has the words of all formats as tokens.
  func model(bos: String = "<|start|>", eos: String = "<|end|>") throws -> String {
    let tests = splitPath(splitPath(#filePath).parent).parent
    var tokenizer = try #require(
      JSONValue.parse(
        readFile("\(tests)/TokenizationTests/Fixtures/tiny/llama3/tokenizer.json")
      ).object)
    var added = tokenizer["added_tokens"]?.array ?? []
    let known = Set(added.compactMap { $0["content"]?.string })
    let first = golden["first_id"]?.int ?? 0
    var words = golden["tokens"]?.array?.compactMap(\.string) ?? []
    words += Set([bos, eos]).subtracting(words).subtracting(known).sorted()
    for (i, word) in words.enumerated() {
      added.append([
        "id": JSONValue(first + i), "content": .string(word), "single_word": false,
        "lstrip": false, "rstrip": false, "normalized": false, "special": true,
      ])
    }
    tokenizer["added_tokens"] = .array(added)
    let text = JSONValue.object(tokenizer).text()
    let file = try directory.write(Array(text.utf8), to: "tokenizer.json")
    let config: JSONValue = [
      "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": .string(bos),
      "eos_token": .string(eos),
    ]
    _ = try directory.write(Array(config.text().utf8), to: "tokenizer_config.json")
    return splitPath(file).parent
  }
}
