import Checkpoint
import FileIO
import TestSupport
import Testing

@Suite struct SideFilesTests {
  @Test func `tokenizer, templates, code and licence go along, weights and notes do not`() throws {
    let temporary = try TemporaryDirectory()
    let kept = [
      "tokenizer.json", "tokenizer.model", "chat_template.jinja", "generation_config.json",
      "LICENSE.txt", "License", "NOTICE", "modeling_internlm2.py", "qwen.tiktoken",
      "additional_chat_templates/tool_use.jinja",
    ]
    let left = [
      "config.json", "model.safetensors", "README.md", "training_args.bin", "optimizer.pt",
      "additional_chat_templates.md", "runs/events",
    ]
    for name in kept + left {
      let path = temporary.file(name)
      try makeDirectories(splitPath(path).parent)
      try writeFileAtomically(path, name)
    }
    #expect(Set(try SideFiles.names(in: temporary.path)) == Set(kept))
    let output = try OutputDirectory(temporary.file("out"))
    for name in kept { _ = try output.copy(temporary.file(name), to: name) }
    try output.commit()
    for name in kept {
      #expect(try readFile(temporary.file("out/\(name)")) == Array(name.utf8))
    }
  }

  @Test func `a merged model has the chat format of its last adapter`() throws {
    let temporary = try TemporaryDirectory()
    for name in ["base", "plain", "first", "second"] {
      try makeDirectories(temporary.file(name))
      try writeFileAtomically(temporary.file("\(name)/tokenizer.json"), name)
    }
    func origins(_ adapters: String...) throws -> [String: String] {
      let names = try SideFiles.names(
        inBase: temporary.file("base"), tokenizerFrom: temporary.file("base"),
        adapters: adapters.map(temporary.file))
      #expect(Set(names.map(\.name)).count == names.count)
      return Dictionary(uniqueKeysWithValues: names.map { ($0.name, splitPath($0.directory).name) })
    }
    #expect(try origins("plain") == ["tokenizer.json": "base"])
    for name in ["base", "first", "second"] {
      try writeFileAtomically(temporary.file("\(name)/chat_format.json"), name)
    }
    try writeFileAtomically(temporary.file("plain/chat_template.jinja"), "own")
    try writeFileAtomically(temporary.file("first/chat_template.jinja"), "the format's")
    #expect(try origins("plain")["chat_format.json"] == "base")
    #expect(try origins("plain")["chat_template.jinja"] == nil)
    #expect(try origins("first", "plain")["chat_template.jinja"] == "first")
    #expect(try origins("first", "plain")["chat_format.json"] == "first")
    #expect(try origins("first", "second")["chat_format.json"] == "second")
  }
}
