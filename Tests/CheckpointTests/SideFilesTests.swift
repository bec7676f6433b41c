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
}
