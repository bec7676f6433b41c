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
    #expect(bare.output.hasSuffix("{\"ids\":[],\"tokens\":[],\"offsets\":[]}\n"))
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
    let file = try write(#"{"messages": [{}], "mood": "fine"}"#, "one.jsonl")
    let result = try GraftCommand.run(["render", template, "--file", file, "--now", "2024-07-26"])
    #expect(result.output == "26 Jul 2024 fine\n")
    let ids = try GraftCommand.run(["render", template, "--file", file, "--ids"])
    #expect(ids.code == 2)
  }

  @Test func renderMarksTheAssistant() throws {
    let template = try write(
      "{% for m in messages %}{% generation %}{{ m.content }}{% endgeneration %}|{% endfor %}",
      "g.jinja")
    let file = try write(#"{"messages": [{"content": "é"}, {"content": "bc"}]}"#, "g.jsonl")
    let json = try GraftCommand.run(["render", template, "--file", file, "--mask", "--json"])
    #expect(try JSONValue.parse(json.output)["assistant"] == [[0, 1], [2, 4]])
    let plain = try GraftCommand.run(["render", template, "--file", file, "--mask"])
    #expect(plain.output == "\u{27E6}é\u{27E7}|\u{27E6}bc\u{27E7}|\n")
    let unmarked = try GraftCommand.run(["render", model, "--file", file, "--mask"])
    #expect(unmarked.code == 3)
    #expect(unmarked.errors.contains("generation"))
  }

  @Test func renderWarnsOfTwoBeginnings() throws {
    let file = try write(#"{"messages": [{"role": "user", "content": "a"}]}"#, "bos.jsonl")
    let result = try GraftCommand.run(["render", model, "--file", file])
    #expect(result.code == 0)
    #expect(result.errors.contains("the tokenizer adds it too"))
  }

  @Test func renderTakesNamedTemplatesAndGGUF() throws {
    let plain = try write(#"{"messages": [{"content": "x"}]}"#, "plain.jsonl")
    let tools = try write(#"{"messages": [{"content": "x"}], "tools": [{}]}"#, "tools.jsonl")
    removeTree("\(model)/tokenizer_config.json")
    _ = try write(
      #"{"chat_template": [{"name": "default", "template": "D"}, "#
        + #"{"name": "tool_use", "template": "T"}, {"name": "rag", "template": "R"}]}"#,
      "model/tokenizer_config.json")
    #expect(try GraftCommand.run(["render", model, "--file", plain]).output == "D\n")
    #expect(try GraftCommand.run(["render", model, "--file", tools]).output == "T\n")
    #expect(
      try GraftCommand.run(["render", model, "--file", plain, "--template", "rag"]).output == "R\n")
    let unknown = try GraftCommand.run(["render", model, "--file", plain, "--template", "x"])
    #expect(unknown.code == 3)
    #expect(unknown.errors.contains("'rag'"))

    var gguf = GGUFBuilder()
    gguf.add("general.architecture", .string("llama"))
    gguf.add(
      "tokenizer.chat_template",
      .string("{{ bos_token }}{{ messages[0].content }}{{ eos_token }}"))
    gguf.add("tokenizer.ggml.tokens", .strings(["<a>", "<b>"]))
    gguf.add("tokenizer.ggml.bos_token_id", .u32(0))
    gguf.add("tokenizer.ggml.eos_token_id", .u32(1))
    let path = try directory.write(gguf.bytes(), to: "m.gguf")
    #expect(try GraftCommand.run(["render", path, "--file", plain]).output == "<a>x<b>\n")
  }

  @Test func emptyConversationsAreRefused() throws {
    let file = try write("{\"messages\": [{\"content\": \"x\"}]}\n{\"messages\": []}\n", "e.jsonl")
    let template = try write("x", "x.jinja")
    let result = try GraftCommand.run(["render", template, "--file", file])
    #expect(result.code == 3)
    #expect(result.errors.contains("e.jsonl:2: "))
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
    let conversations = try write("\n{\"messages\": [{}]}\n", "two.jsonl")
    let refused = try GraftCommand.run(["render", template, "--file", conversations])
    #expect(refused.code == 3)
    #expect(refused.errors.contains("refusing.jinja:1: "))
    #expect(refused.errors.contains("not so"))
    #expect(refused.errors.contains("two.jsonl, line 2"))
  }
}
