import ChatTemplate
import Diagnostics
import FileIO
import Glibc
import StrictJSON
import TestSupport
import Testing
import Tokenization

@testable import Datasets

/// A conversation as `encode_multiturn` gives it, or `encode_oneturn` where it ends with a question.
private func pairs(
  _ format: FormatTokenizer, _ value: JSONValue
) throws -> [(prompt: [Int32], answer: [Int32])] {
  let conversation = try Conversation(
    messages: value["messages"]?.array ?? [], tools: value["tools"])
  let (system, tools) = (conversation.system, conversation.tools)
  guard conversation.endsWithQuestion else {
    return try format.pairs(
      conversation.turns, system: system, tools: tools, discardsHistory: false)
  }
  let turns = conversation.turns + [Turn(.assistant, "")]
  return [(try format.oneTurn(turns, system: system, tools: tools).prompt, [])]
}

private func formatTokenizer(_ name: String, _ tokenizer: Tokenizer) throws -> FormatTokenizer {
  var options = EncodingOptions()
  options.date = TemplateDate(year: 2024, month: 7, day: 26)
  return try FormatTokenizer(.named(name), tokenizer, options: options)
}

@Suite struct `Chat formats give the ids of LLaMA-Factory` {
  /// Digests of what the package made, by Scripts/golden/make_format_golden.py.
  @Test func everyFormat() throws {
    let fixtures = try FormatFixtures()
    let tokenizer = try Tokenizer(directory: fixtures.model())
    let digests = fixtures.golden["digests"]?.object ?? JSONObject()
    #expect(digests.count == ChatFormat.all.count)
    #expect(ChatFormat.all.count > 60)
    for format in ChatFormat.all {
      let wanted = try #require(digests[format.name]?.array, "\(format.name)")
      let own = try formatTokenizer(format.name, tokenizer)
      #expect(wanted.count == fixtures.conversations.count)
      for (i, conversation) in fixtures.conversations.enumerated() {
        let list = try pairs(own, conversation).map {
          "[\(numbers($0.prompt)),\(numbers($0.answer))]"
        }
        let text = "[\(list.joined(separator: ","))]"
        let file = try fixtures.directory.write(Array(text.utf8), to: "\(format.name)-\(i)")
        #expect(
          try .string(String(sha256(ofFile: file).prefix(16))) == wanted[i],
          "\(format.name), conversation \(i)")
      }
    }
  }

  private func numbers(_ ids: [Int32]) -> String {
    "[\(ids.map { String($0) }.joined(separator: ","))]"
  }

  /// Live; $GRAFT_LLAMAFACTORY may name the package's unpacked wheel.
  @Test(
    .enabled(
      if: PeersPython.has("llamafactory")
        || PeersPython.isPresent && getenv("GRAFT_LLAMAFACTORY") != nil,
      "needs the peers and LLaMA-Factory"))
  func everyFormatLive() throws {
    let fixtures = try FormatFixtures()
    let model = try fixtures.model()
    let tokenizer = try Tokenizer(directory: model)
    let cases: JSONValue = [
      "tokenizer": .string(model), "conversations": .array(fixtures.conversations),
      "names": .array(ChatFormat.all.map { .string($0.name) }),
    ]
    let file = try fixtures.directory.write(Array(cases.text().utf8), to: "cases.json")
    let output = try PeersPython.run([PeersPython.script("llamafactory_formats.py"), file])
    let line = try #require(output.split(separator: "\n").last { $0.hasPrefix("RESULT ") })
    let result = try JSONValue.parse(String(line.dropFirst(7)))
    for format in ChatFormat.all {
      let own = try formatTokenizer(format.name, tokenizer)
      let wanted = try #require(result[format.name]?.array)
      for (conversation, wanted) in zip(fixtures.conversations, wanted) {
        let found = try pairs(own, conversation)
        let theirs = wanted.array?.map { $0.array?.map(Self.ids) ?? [] } ?? []
        #expect(found.map { [$0.prompt, $0.answer] } == theirs, "\(format.name)")
      }
    }
  }

  private static func ids(_ value: JSONValue) -> [Int32] {
    value.array?.compactMap(\.int).map(Int32.init) ?? []
  }

  @Test func textAndMaskAreThoseOfTheIDs() throws {
    let fixtures = try FormatFixtures()
    let tokenizer = try Tokenizer(directory: fixtures.model())
    for format in ChatFormat.all {
      let own = try formatTokenizer(format.name, tokenizer)
      for value in fixtures.conversations {
        let conversation = try Conversation(
          messages: value["messages"]?.array ?? [], tools: value["tools"])
        let formatted = try own.formatted(conversation)
        let wanted = try pairs(own, value)
        let end = format.endsOnce && !conversation.endsWithQuestion ? [own.eos ?? -1] : []
        #expect(formatted.ids == wanted.flatMap { $0.prompt + $0.answer } + end, "\(format.name)")
        let answers = zip(formatted.ids, formatted.isAssistant).filter(\.1).map(\.0)
        #expect(answers == wanted.flatMap(\.answer) + end, "\(format.name)")
        let bytes = Array(formatted.rendered.text.utf8)
        let marked = formatted.rendered.assistantRanges.flatMap { bytes[$0] }
        // 'both' is a token of this tokenizer that takes in the space beside it.
        guard value["tools"] == nil else { continue }
        #expect(tokenizer.decode(answers).utf8.elementsEqual(marked), "\(format.name)")
        #expect(tokenizer.decode(formatted.ids) == formatted.rendered.text, "\(format.name)")
      }
    }
  }

  /// Conversations of a reward model: whole, or up to where the assistant begins.
  @Test func aTemplateWritesTheSame() throws {
    let fixtures = try FormatFixtures()
    let tokenizer = try Tokenizer(directory: fixtures.model())
    var compared = 0
    for format in ChatFormat.all {
      let own = try formatTokenizer(format.name, tokenizer)
      guard let source = own.chatTemplate else {
        #expect(format.style == .reasoning)
        continue
      }
      let template = try ChatTemplate(source)
      for value in fixtures.conversations {
        // The reference fills in what it finds in a question; no template does.
        let value = try JSONValue.parse(value.text().replacing("{{idx}}", with: "idx"))
        let messages = value["messages"]?.array ?? []
        let hasTools = value["tools"] != nil || messages.contains { $0["tool_calls"] != nil }
        let roles = messages.compactMap { $0["role"]?.string }
        guard !hasTools, !roles.contains("function"), !roles.contains("observation") else {
          #expect(throws: GraftError.self) {
            try template.render(
              messages: messages, addGenerationPrompt: false, tools: value["tools"])
          }
          continue
        }
        let wanted = own.text(of: try own.wholeElements(Conversation(messages: messages)))
        #expect(
          try template.render(messages: messages, addGenerationPrompt: false) == wanted,
          "\(format.name)")
        compared += 1
      }
      #expect(throws: GraftError.self) {
        try template.render(
          messages: [["role": "assistant", "content": "x"]], addGenerationPrompt: false)
      }
    }
    #expect(compared > 200)
  }

  @Test func namesAreFoundOrMeant() throws {
    #expect(try ChatFormat.named("llamafactory:default").name == "default")
    let error = #expect(throws: GraftError.self) { try ChatFormat.named("qwen_3") }
    #expect(error?.remedy == "Was 'qwen3' meant?")
  }
}

@Suite struct `Conversations that no format can write are refused` {
  private func error(
    _ messages: JSONValue, tools: JSONValue? = nil
  ) -> String? {
    let error = #expect(throws: GraftError.self) {
      try Conversation(messages: messages.array ?? [], tools: tools)
    }
    return error?.message
  }

  @Test func orderAndRoles() {
    #expect(error([["role": "system", "content": "x"]])?.contains("no message but") == true)
    #expect(
      error([["role": "assistant", "content": "x"]])
        == "message 1 is of the role 'assistant' where the user's or a tool's turn is")
    #expect(
      error([["role": "user", "content": "x"], ["role": "user", "content": "y"]])
        == "message 2 is of the role 'user' where the assistant's turn is")
    #expect(
      error([["role": "user", "content": "x"], ["role": "system", "content": "y"]])
        == "message 2 is the system's, which stands first")
    #expect(
      error([["role": "ipython", "content": "x"]])
        == "message 1 has the role 'ipython', which no format writes")
    #expect(error([["content": "x"]]) == "message 1 has no 'role' with text")
    #expect(error([["role": "user"]]) == "message 1 has no 'content'")
    #expect(
      error([["role": "user", "content": [["type": "text"]]]])
        == "message 1 must have text as 'content', found a list")
    #expect(
      error([["role": "user", "content": "x"]], tools: 3)
        == "the tools must be a JSON list, found a number")
  }

  @Test func answersOfSeveralToolsAreOne() throws {
    let conversation = try Conversation(messages: [
      ["role": "user", "content": "q"],
      ["role": "assistant", "tool_calls": [["function": ["name": "f", "arguments": ["a": 1]]]]],
      ["role": "tool", "content": "1"], ["role": "tool", "content": "2"],
    ])
    #expect(
      conversation.turns == [
        Turn(.user, "q"), Turn(.function, #"[{"name": "f", "arguments": {"a": 1}}]"#),
        Turn(.observation, "1\n</tool_response>\n<tool_response>\n2"),
      ])
    #expect(conversation.endsWithQuestion)
  }
}
