import ChatTemplate
import Diagnostics
import FileIO
import StrictJSON
import TestSupport
import Testing
import Tokenization

@testable import Datasets

@Suite(.enabled(if: Shared.isPresent, "needs ../shared"))
struct `Chat formats give the text of the models' own templates` {
  private static let conversations: [(name: String, value: JSONValue)] = [
    ("question", ["messages": [["role": "user", "content": "What is 2+2?"]]]),
    (
      "system",
      [
        "messages": [
          ["role": "system", "content": "You are terse."],
          ["role": "user", "content": "What is 2+2?"],
        ]
      ]
    ),
    (
      "answer",
      [
        "messages": [
          ["role": "user", "content": "Hi"], ["role": "assistant", "content": "Hello! ☺"],
        ]
      ]
    ),
    (
      "turns",
      [
        "messages": [
          ["role": "system", "content": "Be kind."], ["role": "user", "content": "Hi"],
          ["role": "assistant", "content": "Hello"], ["role": "user", "content": "Ünï 'x'"],
          ["role": "assistant", "content": "So \"long\"."], ["role": "user", "content": "Bye"],
        ]
      ]
    ),
    (
      "tools",
      [
        "messages": [
          ["role": "system", "content": "Be kind."], ["role": "user", "content": "Weather?"],
          [
            "role": "assistant", "content": "",
            "tool_calls": [
              [
                "id": "call00001", "type": "function",
                "function": ["name": "weather", "arguments": ["city": "Rome"]],
              ]
            ],
          ],
          ["role": "tool", "tool_call_id": "call00001", "name": "weather", "content": "21"],
          ["role": "assistant", "content": "21 C."],
        ],
        "tools": [
          [
            "type": "function",
            "function": [
              "name": "weather", "description": "The weather.",
              "parameters": [
                "type": "object", "properties": ["city": ["type": "string"]],
                "required": ["city"],
              ],
            ],
          ]
        ],
      ]
    ),
  ]

  private static let date = TemplateDate(year: 2024, month: 7, day: 26)

  private func text(
    _ name: String, _ value: JSONValue, _ model: String, defaultSystem: String? = nil
  ) throws -> String {
    var options = EncodingOptions()
    options.date = Self.date
    options.defaultSystem = defaultSystem
    let format = try FormatTokenizer(
      .named(name), Tokenizer(directory: model), options: options)
    let conversation = try Conversation(
      messages: value["messages"]?.array ?? [], tools: value["tools"])
    return try format.formatted(conversation).rendered.text
  }

  @Test(arguments: FormatComparison.all)
  func equalOrKnown(_ comparison: FormatComparison) throws {
    let path = "\(Shared.path ?? "")/assets/chat_templates/\(comparison.template).jinja"
    var source = String(decoding: try readFile(path), as: UTF8.self)
    if comparison.template.hasPrefix("chujiezheng") {
      // These are laid out for reading; their authors take out line breaks and indents.
      source = source.split(separator: "\n").map { $0.drop { $0 == " " } }.joined()
    }
    let template = try ChatTemplate(source, file: comparison.template)
    let fixtures = try FormatFixtures()
    let model = try fixtures.model(bos: comparison.bos, eos: comparison.eos)
    for (name, value) in Self.conversations {
      let own = try text(
        comparison.format, value, model, defaultSystem: comparison.defaultSystem)
      let messages = value["messages"]?.array ?? []
      let isQuestion = messages.last?["role"] == "user"
      let bos = comparison.templateBos ?? comparison.bos
      var theirs = try? template.render(
        messages: messages, addGenerationPrompt: isQuestion, tools: value["tools"],
        variables: ["bos_token": .string(bos), "eos_token": .string(comparison.eos)],
        now: Self.date)
      for change in comparison.changes {
        theirs = theirs.map { $0.replacing(change.theirs, with: change.own) }
      }
      let isComparable =
        !comparison.incomparable.contains(name) && (name != "tools" || comparison.hasTools)
      #expect((own == theirs) == isComparable, "\(name): \([own, theirs ?? "refused"])")
    }
  }

  @Test func familiesWithoutAFile() throws {
    let (_, value) = Self.conversations[3]
    for (format, model, eos, wanted) in FormatComparison.texts {
      let fixtures = try FormatFixtures()
      let own = try text(format, value, fixtures.model(bos: "<s>", eos: eos))
      #expect(own == wanted, "\(format), \(model)")
    }
  }
}
