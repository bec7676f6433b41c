import FileIO
import StrictJSON
import Testing
import Tokenization

/// The folders of Fixtures/tiny.
enum TinyTokenizers {
  static let names = ["smollm", "gpt2", "llama3", "qwen2"]
}

/// Fixtures by Scripts/golden/make_tiny_tokenizers.py.
@Suite struct `Small tokenizers give the ids of the tokenizers package` {
  @Test(arguments: TinyTokenizers.names)
  func encodesAndDecodes(_ name: String) throws {
    let folder = fixture("tiny/\(name)")
    let tokenizer = try Tokenizer(directory: folder)
    let golden = try JSONValue.parse(readFile("\(folder)/golden.json")).required("texts")
    for entry in golden.array ?? [] {
      let golden = try TokenizerGolden(entry)
      #expect(try tokenizer.encode(golden.text, addingSpecialTokens: false) == golden.ids)
      #expect(try tokenizer.encode(golden.text) == golden.idsWithSpecial)
      #expect(tokenizer.decode(golden.ids) == golden.decoded)
      #expect(
        tokenizer.decode(golden.ids, skippingSpecialTokens: true)
          == golden.decodedPlain ?? golden.decoded)
    }
    #expect((golden.array ?? []).count > 80)
  }

  @Test func worksOnSeveralThreads() async throws {
    let tokenizer = try Tokenizer(directory: fixture("tiny/smollm"))
    let text = "The lazy dog's 365 days — naïve\n\n  words "
    let expected = try tokenizer.encode(text)
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 {
        group.addTask {
          (0..<200).allSatisfy { i in
            (try? tokenizer.encode(text + String(repeating: " the", count: i % 3)))?
              .starts(with: expected.dropLast()) == true
          }
        }
      }
      for await isRight in group { #expect(isRight) }
    }
  }
}
