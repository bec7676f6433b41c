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
      #"{"bos_token": "<|start|>", "eos_token": "<|end|>", "chat_template": "#
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
    // A list of rows, many tokens, and columns that line up.
    let list = try write(
      "[{\"text\": \"\(String(repeating: "a dog ", count: 20_000))\"}]", "list.json")
    let table = try GraftCommand.run(["tokenize", model, "--file", list]).output.split(
      separator: "\n")
    #expect(table.count > 20_000)
    #expect(Set(table.dropFirst().map { $0.firstIndex(of: "\"")?.utf16Offset(in: $0) }).count == 1)
    let many = try GraftCommand.run(["tokenize", model, "--file", list, "--json"])
    let parsed = try JSONValue.parse(many.output)
    #expect(parsed["ids"]?.array?.count == table.count - 1)
    #expect(parsed["offsets"]?.array?.count == table.count - 1)
  }

  @Test func tokenizeListsIDs() throws {
    let file = try write("{\"text\": \"the dog\"}\n{\"text\": \"\"}\n", "ids.jsonl")
    let full = try GraftCommand.run(["tokenize", model, "--file", file, "--json"])
    let expected = try full.output.split(separator: "\n").map { line in
      try JSONValue.parse(String(line))["ids"]?.text()
    }
    let result = try GraftCommand.run([
      "tokenize", model, "--file", file, "--ids", "--threads", "2",
    ])
    #expect(result.output.split(separator: "\n").map(String.init) == expected)
    let report = try JSONValue.parse(result.errors)
    #expect(report["texts"] == 2)
    #expect(report["bytes"] == 7)
    #expect(try GraftCommand.run(["tokenize", model, "--ids"]).code == 2)
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

  /// As transformers' apply_chat_template, which takes these members out.
  @Test func nullMembersAreAsAbsent() throws {
    let template = try write(
      "{% for m in messages %}{{ m.content is defined }}{{ m.keys() | list }}{% endfor %}",
      "n.jinja")
    let file = try write(
      #"{"messages": [{"role": "assistant", "content": null, "calls": [null]}]}"#, "n.jsonl")
    let result = try GraftCommand.run(["render", template, "--file", file])
    #expect(result.output == "False['role', 'calls']\n")
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

  @Test func renderGivesIDsOfAGGUF() throws {
    let file = try write(
      #"{"messages": [{"content": "ab"}, {"content": "a"}]}"#, "gguf-ids.jsonl")
    var gguf = GGUFBuilder()
    gguf.add("general.architecture", .string("llama"))
    gguf.add("tokenizer.ggml.model", .string("gpt2"))
    gguf.add("tokenizer.ggml.pre", .string("smollm"))
    gguf.add("tokenizer.ggml.tokens", .strings(["<s>", "a", "b", "ab", "|"]))
    gguf.add("tokenizer.ggml.token_type", .i32s([3, 1, 1, 1, 1]))
    gguf.add("tokenizer.ggml.merges", .strings(["a b"]))
    gguf.add("tokenizer.ggml.bos_token_id", .u32(0))
    gguf.add("tokenizer.ggml.add_bos_token", .bool(true))
    gguf.add(
      "tokenizer.chat_template",
      .string(
        "{{ bos_token }}{% for m in messages %}{% generation %}{{ m.content }}"
          + "{% endgeneration %}|{% endfor %}"))
    let path = try directory.write(gguf.bytes(), to: "ids.gguf")
    let result = try GraftCommand.run(["render", path, "--file", file, "--ids", "--mask"])
    #expect(result.output == "[0,3,4,1,4]\n[0,1,0,1,0]\n")
    #expect(result.errors.contains("the tokenizer adds it too"))
  }

  @Test func renderTakesChatFormats() throws {
    let file = try write(
      #"{"messages": [{"role": "user", "content": "the dog"}, "#
        + #"{"role": "assistant", "content": "barks"}]}"#, "format.jsonl")
    let text = try GraftCommand.run(["render", model, "--file", file, "--template", "fewshot"])
    #expect(text.output == "the dogbarks\n\n<|end|>\n")
    #expect(text.errors.isEmpty)
    let json = try GraftCommand.run([
      "render", model, "--file", file, "--template", "mistral", "--ids", "--mask", "--json",
    ])
    let line = try JSONValue.parse(json.output)
    #expect(line["text"] == "<|start|>[INST] the dog[/INST] barks<|end|>")
    #expect(line["assistant"] == [[30, 43]])
    let ids = try #require(line["ids"]?.array)
    let mask = try #require(line["mask"]?.array)
    #expect(ids.count == mask.count)
    #expect(mask.first == 0 && mask.last == 1)

    let question = try write(
      #"{"messages": [{"role": "user", "content": "a"}], "add_generation_prompt": true}"#,
      "question.jsonl")
    let own = try GraftCommand.run(["render", model, "--file", question, "--template", "default"])
    #expect(own.output == "<|start|>user: a\n")
    let format = try GraftCommand.run([
      "render", model, "--file", question, "--template", "llamafactory:default",
    ])
    #expect(format.output == "Human: a<|end|>\nAssistant:\n")
  }

  @Test func formatsThatDoNotFitAreNamed() throws {
    let file = try write(
      "\n" + #"{"messages": [{"role": "assistant", "content": "x"}]}"#, "order.jsonl")
    func errors(_ template: String, _ model: String) throws -> String {
      let result = try GraftCommand.run(["render", model, "--file", file, "--template", template])
      #expect(result.code == 3 || result.code == 2)
      return result.errors
    }
    let order = try errors("alpaca", model)
    #expect(order.contains("order.jsonl:2: message 1 is of the role 'assistant' where the user's"))
    #expect(try errors("chatml", model).contains("'<|im_end|>'"))
    let unknown = try errors("qwen_3", model)
    #expect(unknown.contains("'qwen_3' is neither a chat template of the model nor a chat format"))
    #expect(unknown.contains("'default'"))
    #expect(unknown.contains("'qwen3'"))
    let template = try write("x", "alone.jinja")
    #expect(try errors("qwen", template).contains("needs a tokenizer"))
  }

  /// Live against transformers' `return_assistant_tokens_mask`, on all templates with blocks.
  @Test(.enabled(if: Shared.isPresent && PeersPython.isPresent, "needs ../shared and the peers"))
  func masksAreThoseOfTransformers() throws {
    let folder = "\(Shared.path ?? "")/assets/chat_templates"
    let output = try PeersPython.run([
      PeersPython.script("assistant_masks.py"), folder, model,
    ])
    let golden = try JSONValue.parse(String(output.split(separator: "\n").last ?? ""))
    let fixtures = try JSONValue.parse(readFile("\(folder)/golden.json"))["fixtures"]
    removeTree("\(model)/tokenizer_config.json")
    var count = 0
    for (name, cases) in golden.object ?? JSONObject() {
      removeTree("\(model)/chat_template.jinja")
      _ = try directory.write(
        readFile("\(folder)/\(name).jinja"), to: "model/chat_template.jinja")
      var lines = ""
      let cases = cases.object ?? JSONObject()
      for (key, _) in cases {
        var row = try #require(fixtures?[key]?.object)
        row["bos_token"] = "<s>"
        row["eos_token"] = "</s>"
        lines += JSONValue.object(row).text() + "\n"
      }
      let file = try write(lines, "\(name).jsonl")
      let result = try GraftCommand.run([
        "render", model, "--file", file, "--ids", "--mask", "--json", "--now", "2024-07-26",
      ])
      #expect(result.code == 0, "\(name): \(result.errors)")
      let rows = try result.output.split(separator: "\n").map { try JSONValue.parse(String($0)) }
      #expect(rows.count == cases.count)
      for (row, (key, wanted)) in zip(rows, cases) {
        #expect(row["ids"] == wanted["input_ids"], "\(name) on \(key)")
        #expect(row["mask"] == wanted["assistant_masks"], "\(name) on \(key)")
        count += wanted["assistant_masks"]?.array?.count { $0 == 1 } ?? 0
      }
    }
    #expect(count > 1000)
  }

  @Test func emptyConversationsAreRefused() throws {
    let file = try write("{\"messages\": [{\"content\": \"x\"}]}\n{\"messages\": []}\n", "e.jsonl")
    let template = try write("x", "x.jinja")
    let result = try GraftCommand.run(["render", template, "--file", file])
    #expect(result.code == 3)
    #expect(result.errors.contains("e.jsonl:2: "))
  }

  @Test func brokenConversationsNameFileAndLine() throws {
    let template = try write("{% for m in messages %}{{ m.content }}{% endfor %}", "any.jinja")
    let good = #"{"messages": [{"role": "user", "content": "x"}]}"# + "\n"
    func error(_ line: [UInt8]) throws -> String {
      let name = "bad-\(line.hashValue).jsonl"
      let file = try directory.write(Array(good.utf8) + line, to: name)
      let result = try GraftCommand.run(["render", template, "--file", file])
      #expect(result.code == 3)
      #expect(result.output == "x\n")
      #expect(result.errors.contains("\(name):2: "), "\(result.errors)")
      return result.errors
    }
    func error(_ content: String) throws -> String {
      try error(Array(#"{"messages": [{"content": "\#(content)"}]}"#.utf8))
    }
    let text = Array(#"{"messages": [{"content": "ab"}]}"#.utf8)
    #expect(try error(text.map { $0 == 0x62 ? 0xFF : $0 }).contains("UTF-8"))
    #expect(try error("a\u{0}b").contains("control character"))
    #expect(try error("\\ud800").contains("lone surrogate"))
    #expect(try error("\\udc00\\ud800").contains("lone surrogate"))
    let deep = [UInt8](repeating: 0x5B, count: 100_000)
    #expect(try error(Array(#"{"messages": "#.utf8) + deep).contains("256"))
    #expect(try error(Array(#"{"messages": [3]}"#.utf8)).contains("message 1 must be an object"))
    #expect(try error(Array(#"{"messages": "x"}"#.utf8)).contains("'messages'"))
    #expect(try error(Array("[]".utf8)).contains("must be an object"))
    #expect(try error(Array(#"{"messages": []}"#.utf8)).contains("without messages"))
    // An escaped NUL is a character like others.
    let zero = try write(#"{"messages": [{"content": "a\u0000b"}]}"#, "zero.jsonl")
    #expect(try GraftCommand.run(["render", template, "--file", zero]).output == "a\u{0}b\n")
  }

  @Test func brokenTemplatesNameFileAndLine() throws {
    let file = try write(#"{"messages": [{"role": "assistant", "content": "x"}]}"#, "c.jsonl")
    func error(_ template: [UInt8], line: Int) throws -> String {
      let name = "t-\(template.hashValue).jinja"
      let path = try directory.write(template, to: name)
      let result = try GraftCommand.run(["render", path, "--file", file])
      #expect(result.code == 3)
      #expect(result.output.isEmpty)
      #expect(result.errors.contains("\(name):\(line): "), "\(result.errors)")
      return result.errors
    }
    func error(_ template: String, line: Int = 1) throws -> String {
      try error(Array(template.utf8), line: line)
    }
    #expect(try error("a\n{{ messages | trimm }}", line: 2).contains("'trim'"))
    #expect(try error(Array("a\nb".utf8) + [0xC3], line: 2).contains("UTF-8"))
    let order = "{% if messages[0].role != 'user' %}{{ raise_exception('Users first') }}{% endif %}"
    #expect(try error(order).contains("Users first (\(file), line 1)"))
    #expect(try error("{% for i in messages %}").contains("endfor"))
    // Without end, and doubling.
    let loops = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
    #expect(try error(loops).contains("was stopped: it takes more than 5000000 steps"))
    let doubled = "{% set n = namespace(s='ab') %}{% for i in range(99) %}{% set n.s = n.s + n.s %}"
    #expect(
      try error(doubled + "{% endfor %}").contains(
        "was stopped: its texts grow beyond 67108864 bytes"))
    #expect(
      try error("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}").contains("was stopped: calls"))
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
