import FileIO
import StrictJSON
import TestSupport
import Testing

@testable import Datasets

@Suite struct `Conversations are rendered as transformers renders them` {
  @Test func nullMembersAreAsAbsent() throws {
    let directory = try TemporaryDirectory()
    let tests = splitPath(splitPath(#filePath).parent).parent
    _ = try directory.write(
      readFile("\(tests)/TokenizationTests/Fixtures/tiny/llama3/tokenizer.json"),
      to: "tokenizer.json")
    let template = "{% for m in messages %}{{ m.content is defined }}{{ m.role }}{% endfor %}"
    _ = try directory.write(Array(template.utf8), to: "chat_template.jinja")
    let encoder = try ConversationEncoder(directory: directory.path)
    let text = try encoder.text(of: [
      ["role": "user", "content": "a"], ["role": "assistant", "content": .null],
    ])
    #expect(text == "TrueuserFalseassistant")
  }
}
