import Diagnostics
import FileIO
import StrictJSON
import TestSupport
import Testing

@testable import Datasets

@Suite struct `The chat format of training stands beside the tokenizer` {
  private let directory: TemporaryDirectory
  private let model: String

  init() throws {
    directory = try TemporaryDirectory()
    model = directory.file("model")
    try TinyModel.write(to: model)
  }

  private let messages: [JSONValue] = [
    ["role": "system", "content": "Be kind."], ["role": "user", "content": "Hi"],
    ["role": "assistant", "content": "Hello"],
  ]

  private func text(_ encoder: ConversationEncoder, _ ids: [Int32]) -> String {
    let names: [Int32: String] = [256: "<s>", 258: "<end>"]
    return ids.map { id in
      names[id] ?? String(decoding: [UInt8(truncatingIfNeeded: id)], as: UTF8.self)
    }.joined()
  }

  @Test func whatIsWrittenIsRead() throws {
    #expect(try FormatChoice(directory: model) == nil)
    var choice = FormatChoice("qwen3")
    choice.defaultSystem = ""
    choice.thinks = nil
    choice.preservesThinking = true
    for written in [choice, FormatChoice("llama3")] {
      try writeFileAtomically("\(model)/chat_format.json", written.json.text())
      #expect(try FormatChoice(directory: model) == written)
    }
    try writeFileAtomically("\(model)/chat_format.json", "{}")
    let error = #expect(throws: GraftError.self) { try ConversationEncoder(directory: model) }
    #expect(error?.file == "\(model)/chat_format.json" && error?.code == .unknownFormat)
  }

  @Test func itTakesThePlaceOfTheModelsTemplate() throws {
    let own = try ConversationEncoder(directory: model)
    #expect(
      text(own, try own.ids(of: messages))
        == "<s>system: Be kind.<end><s>user: Hi<end><s>assistant: Hello<end>")
    #expect(try own.formatNote() == nil)
    try writeFileAtomically("\(model)/chat_format.json", #"{"template": "default"}"#)
    let encoder = try ConversationEncoder(directory: model)
    let written = "System: Be kind.<end>\nHuman: Hi<end>\nAssistant:"
    #expect(text(encoder, try encoder.ids(of: messages)) == written + "Hello<end>\n")
    #expect(text(encoder, try encoder.ids(of: messages.dropLast())) == written)
    #expect(try encoder.formatNote()?.contains("other tokens") == true)
    // What is asked for comes first.
    let other = try ConversationEncoder(directory: model, choice: FormatChoice("vicuna"))
    #expect(text(other, try other.ids(of: messages)).hasSuffix("USER: Hi ASSISTANT:Hello<end>"))
  }

  @Test func whatAFormatCannotDoIsRefused() throws {
    let encoder = try ConversationEncoder(directory: model, choice: FormatChoice("default"))
    let variables = #expect(throws: GraftError.self) {
      try encoder.ids(of: messages, variables: ["enable_thinking": false])
    }
    #expect(variables?.message.contains("enable_thinking") == true)
    let order = #expect(throws: GraftError.self) { try encoder.ids(of: messages.reversed()) }
    #expect(order?.code == .malformedConversation)
    let unknown = #expect(throws: GraftError.self) {
      try ConversationEncoder(directory: model, choice: FormatChoice("lama3"))
    }
    #expect(unknown?.remedy?.contains("llama3") == true)
    let token = #expect(throws: GraftError.self) {
      try ConversationEncoder(directory: model, choice: FormatChoice("llama3"))
    }
    #expect(token?.code == .formatToken)
  }
}
