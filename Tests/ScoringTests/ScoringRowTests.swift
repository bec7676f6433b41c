import Diagnostics
import FileIO
import TestSupport
import Testing

@testable import Scoring

@Suite struct `Conversations are written as training wrote them` {
  @Test func byTheFormatAskedForThenTheAdaptersThenTheModels() throws {
    let directory = try TemporaryDirectory()
    let (model, adapter) = (directory.file("model"), directory.file("adapter"))
    try TinyModel.write(to: model)
    try makeDirectories(adapter)
    let rows = try directory.write(
      Array(
        #"{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}"#
          .utf8), to: "rows.jsonl")
    func text(adapter: String? = nil, template: String? = nil) throws -> String {
      let read = try ScoringRow.read(rows, model: model, adapter: adapter, template: template)
      return read[0].ids.map { id in
        id < 256 ? String(decoding: [UInt8(id)], as: UTF8.self) : id == 256 ? "<s>" : "<end>"
      }.joined()
    }
    let own = "<s>user: q<end><s>assistant: a<end>"
    #expect(try text() == own && text(adapter: adapter) == own)
    let formatted = "Human: q<end>\nAssistant:a<end>\n"
    #expect(try text(template: "default") == formatted)
    try writeFileAtomically("\(adapter)/chat_format.json", #"{"template": "default"}"#)
    #expect(try text(adapter: adapter) == formatted && text() == own)
    try writeFileAtomically("\(model)/chat_format.json", #"{"template": "vicuna"}"#)
    #expect(try text(adapter: adapter) == formatted)
    #expect(try text().contains("USER: q ASSISTANT:a<end>"))
    #expect(throws: GraftError.self) { try text(template: "lama3") }
  }
}
