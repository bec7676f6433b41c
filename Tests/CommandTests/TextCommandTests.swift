import FileIO
import StrictJSON
import TestSupport
import Testing

@Suite(.enabled(if: GraftCommand.isPresent, "needs the built program")) struct TextCommandTests {
  private let directory: TemporaryDirectory
  /// A small byte-level tokenizer with `<|start|>` and `<|end|>` around each text.
  private let model: String

  init() throws {
    directory = try TemporaryDirectory()
    let root = splitPath(splitPath(#filePath).parent).parent
    model = directory.file("model")
    try makeDirectories(model)
    let tokenizer = try readFile(
      "\(root)/TokenizationTests/Fixtures/tiny/llama3/tokenizer.json")
    _ = try directory.write(tokenizer, to: "model/tokenizer.json")
    _ = try write(
      #"{"bos_token": "<|start|>", "chat_template": "#
        + #""{{ bos_token }}{% for m in messages %}{{ m.role }}: {{ m.content }}{% endfor %}"}"#,
      "model/tokenizer_config.json")
  }

  private func write(_ text: String, _ name: String) throws -> String {
    try directory.write(Array(text.utf8), to: name)
  }

  @Test func tokenizeShowsIDsAndTokens() throws {
    let file = try write("{\"text\": \"the dog\"}\n\n{\"text\": \"\"}\n", "in.jsonl")
    let result = try GraftCommand.run(["tokenize", model, "--file", file, "--json"])
    #expect(result.code == 0)
    let lines = try result.output.split(separator: "\n").map { try JSONValue.parse(String($0)) }
    #expect(lines.count == 2)
    #expect(lines[0]["tokens"]?.array?.first == "<|start|>")
    #expect(lines[0]["tokens"]?.array?.contains("Ġdog") == true)
    #expect(lines[1]["tokens"] == ["<|start|>", "<|end|>"])
    let bare = try GraftCommand.run(["tokenize", model, "--file", file, "--json", "--no-special"])
    #expect(bare.output.hasSuffix("{\"ids\":[],\"tokens\":[]}\n"))
    let plain = try GraftCommand.run(["tokenize", model, "--file", file])
    #expect(plain.output.contains("2 tokens"))
  }

  @Test func renderShowsTextAndIDs() throws {
    let file = try write(
      #"{"messages": [{"role": "user", "content": "the"}]}"#, "conversations.jsonl")
    let text = try GraftCommand.run(["render", model, "--file", file])
    #expect(text.output == "<|start|>user: the\n")
    let json = try GraftCommand.run(["render", model, "--file", file, "--ids", "--json"])
    let line = try JSONValue.parse(json.output)
    #expect(line["text"] == "<|start|>user: the")
    // The template's own token for the beginning, and no second one.
    let ids = try #require(line["ids"]?.array)
    #expect(ids.count { $0 == ids[0] } == 1)
  }

  @Test func renderTakesATemplateAlone() throws {
    let template = try write("{{ strftime_now('%d %b %Y') }} {{ mood }}", "t.jinja")
    let file = try write(#"{"messages": [], "mood": "fine"}"#, "one.jsonl")
    let result = try GraftCommand.run(["render", template, "--file", file, "--now", "2024-07-26"])
    #expect(result.output == "26 Jul 2024 fine\n")
    let ids = try GraftCommand.run(["render", template, "--file", file, "--ids"])
    #expect(ids.code == 2)
  }

  @Test func badLinesAreNamed() throws {
    let file = try write("{\"text\": \"a\"}\n{\"txt\": \"b\"}\n", "bad.jsonl")
    let missing = try GraftCommand.run(["tokenize", model, "--file", file])
    #expect(missing.code == 3)
    #expect(missing.errors.contains("bad.jsonl:2: "))
    let broken = try write("{\"messages\": [}\n", "broken.jsonl")
    let json = try GraftCommand.run(["render", model, "--file", broken])
    #expect(json.code == 3)
    #expect(json.errors.contains("broken.jsonl:1: "))
    let template = try write("{{ raise_exception('not so') }}", "refusing.jinja")
    let conversations = try write("\n{\"messages\": []}\n", "two.jsonl")
    let refused = try GraftCommand.run(["render", template, "--file", conversations])
    #expect(refused.code == 3)
    #expect(refused.errors.contains("refusing.jinja:1: "))
    #expect(refused.errors.contains("not so"))
    #expect(refused.errors.contains("two.jsonl, line 2"))
  }
}
