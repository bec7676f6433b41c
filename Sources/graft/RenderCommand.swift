import ArgumentParser
import ChatTemplate
import Diagnostics
import FileIO
import GGUF
import StrictJSON
import Tokenization

struct RenderCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "render",
    abstract: "Show the text that a chat template makes of conversations.",
    discussion: """
      Lines hold {"messages": [...]} and may hold "tools", "add_generation_prompt" (false where it \
      is absent) and any other variable of the template. The tokens with a role, such as \
      bos_token, are the model's, or are given as variables where only a template is named. Among \
      a model's named templates, 'tool_use' is taken for conversations with tools, as transformers \
      does; --template names another.
      """)

  @Argument(help: "The model's directory, a GGUF file, or a template's file.")
  var model: String

  @Option(help: "A file of lines with a key 'messages'.")
  var file: String

  @Option(help: "The name of one of the model's templates.")
  var template: String?

  @Flag(help: "Print the ids that the model reads instead of the text.")
  var ids = false

  @Flag(help: "Mark what the assistant says, by the template's 'generation' blocks.")
  var mask = false

  @Flag(help: "Print a line of JSON for each conversation.")
  var json = false

  @Option(help: "The date that the template sees, as in 2024-07-26; today if absent.")
  var now: String?

  func run() throws {
    let date = try now.map(Self.date) ?? .current
    var model = try RenderedModel(model)
    if ids, model.tokenizer == nil { throw GraftError.idsNeedModel(self.model) }
    var hasWarned = false
    try InputRows.forEach(in: file) { (row) throws(GraftError) in
      let (conversation, source) = try render(row.value, &model, date)
      if !hasWarned, let warning = model.doubledBeginning(conversation.text, source) {
        hasWarned = true
        Console.complain("\(Style.warning("warning:")) \(warning)")
      }
      // The template writes the special tokens itself.
      let encoded =
        ids ? try model.tokenizer?.encode(conversation.text, addingSpecialTokens: false) : nil
      show(conversation, encoded)
    }
  }

  private func render(
    _ row: JSONValue, _ model: inout RenderedModel, _ date: TemplateDate
  ) throws(GraftError) -> (RenderedConversation, file: String) {
    guard let messages = row["messages"]?.array else {
      throw .malformedRow("needs a key 'messages' with a list")
    }
    guard !messages.isEmpty else { throw .malformedRow("holds a conversation without messages") }
    for (i, message) in messages.enumerated() where message.object == nil {
      throw .malformedRow("message \(i + 1) must be an object, is \(message.kindName)")
    }
    var variables = model.variables
    for (name, value) in row.object ?? JSONObject() {
      if !["messages", "tools", "add_generation_prompt"].contains(name) { variables[name] = value }
    }
    let hasTools = row["tools"].map { !$0.isNull } ?? false
    let (chat, source) = try model.template(named: template, hasTools: hasTools)
    if mask, !chat.marksAssistant { throw .unmarkedTemplate(source) }
    let rendered = try chat.renderMarked(
      messages: messages, addGenerationPrompt: row["add_generation_prompt"]?.bool ?? false,
      tools: row["tools"], variables: variables, now: date)
    return (rendered, source)
  }

  private func show(_ conversation: RenderedConversation, _ ids: [Int32]?) {
    let list = ids.map { JSONValue.array($0.map { JSONValue(Int($0)) }) }
    if json {
      var line: JSONObject = JSONObject()
      line["text"] = .string(conversation.text)
      line["ids"] = list
      if mask {
        line["assistant"] = .array(
          conversation.characterRanges.map { [JSONValue($0.lowerBound), JSONValue($0.upperBound)] })
      }
      print(JSONValue.object(line).text())
    } else if mask, list == nil {
      print(conversation.highlighted)
    } else {
      print(list?.text() ?? conversation.text)
    }
  }

  private static func date(_ text: String) throws(GraftError) -> TemplateDate {
    let parts = text.split(separator: "-").compactMap { Int($0) }
    guard parts.count == 3, (1...12).contains(parts[1]), (1...31).contains(parts[2]) else {
      throw .invalidOption("--now", text, expected: "a date such as 2024-07-26")
    }
    return TemplateDate(year: parts[0], month: parts[1], day: parts[2])
  }
}

extension RenderedConversation {
  /// What the assistant says, in characters (code points), as transformers counts.
  fileprivate var characterRanges: [Range<Int>] {
    let bytes = Array(text.utf8)
    func position(_ end: Int) -> Int { bytes[..<end].count { $0 & 0xC0 != 0x80 } }
    return assistantRanges.map { range in
      let start = position(range.lowerBound)
      let end = min(range.upperBound, bytes.count)
      return start..<(start + bytes[range.lowerBound..<end].count { $0 & 0xC0 != 0x80 })
    }
  }

  /// The text with what the assistant says in colour; between marks where there is none.
  fileprivate var highlighted: String {
    let bytes = Array(text.utf8)
    var out = ""
    var position = 0
    for range in assistantRanges where range.lowerBound >= position {
      out += String(decoding: bytes[position..<range.lowerBound], as: UTF8.self)
      let end = min(range.upperBound, bytes.count)
      let part = String(decoding: bytes[range.lowerBound..<end], as: UTF8.self)
      out += Style.good("\u{27E6}" + part + "\u{27E7}")
      position = end
    }
    return out + String(decoding: bytes[position...], as: UTF8.self)
  }
}
