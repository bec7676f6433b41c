import ArgumentParser
import ChatTemplate
import Diagnostics
import FileIO
import StrictJSON
import Tokenization

struct RenderCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "render",
    abstract: "Show the text that a chat template makes of conversations.",
    discussion: """
      Lines hold {"messages": [...]} and may hold "tools", "add_generation_prompt" (false where it \
      is absent) and any other variable of the template. The tokens with a role, such as \
      bos_token, are the model's, or are given as variables where only a template is named.
      """)

  @Argument(help: "The model's directory, or a template's file.")
  var model: String

  @Option(help: "A file of lines with a key 'messages'.")
  var file: String

  @Flag(help: "Print the ids that the model reads instead of the text.")
  var ids = false

  @Flag(help: "Print a line of JSON for each conversation.")
  var json = false

  @Option(help: "The date that the template sees, as in 2024-07-26; today if absent.")
  var now: String?

  func run() throws {
    let date = try now.map(Self.date) ?? .current
    let tokenizer = directoryExists(model) ? try Tokenizer(directory: model) : nil
    if ids, tokenizer == nil { throw GraftError.idsNeedModel(model) }
    let template = try readTemplate(tokenizer)
    try InputRows.forEach(in: file) { (row) throws(GraftError) in
      let text = try render(row.value, template, tokenizer, date)
      // The template writes the special tokens itself.
      let encoded = ids ? try tokenizer?.encode(text, addingSpecialTokens: false) : nil
      show(text, encoded)
    }
  }

  private func readTemplate(_ tokenizer: Tokenizer?) throws(GraftError) -> ChatTemplate {
    if let tokenizer {
      guard let source = tokenizer.chatTemplateSource else { throw .noChatTemplate(model) }
      return try ChatTemplate(source, file: model)
    }
    let bytes = try readFile(model, limit: 16 << 20)
    guard let source = String(validating: bytes, as: UTF8.self) else { throw .notText(model) }
    return try ChatTemplate(source, file: model)
  }

  private func render(
    _ row: JSONValue, _ template: ChatTemplate, _ tokenizer: Tokenizer?, _ date: TemplateDate
  ) throws(GraftError) -> String {
    guard let messages = row["messages"]?.array else {
      throw .malformedRow("needs a key 'messages' with a list")
    }
    var variables: [String: JSONValue] = [:]
    let special = [
      "bos_token": tokenizer?.bosToken, "eos_token": tokenizer?.eosToken,
      "pad_token": tokenizer?.padToken, "unk_token": tokenizer?.unkToken,
    ]
    for (name, token) in special { if let token { variables[name] = .string(token) } }
    for (name, value) in row.object ?? JSONObject() {
      if !["messages", "tools", "add_generation_prompt"].contains(name) { variables[name] = value }
    }
    return try template.render(
      messages: messages, addGenerationPrompt: row["add_generation_prompt"]?.bool ?? false,
      tools: row["tools"], variables: variables, now: date)
  }

  private func show(_ text: String, _ ids: [Int32]?) {
    let list = ids.map { JSONValue.array($0.map { JSONValue(Int($0)) }) }
    if json {
      var line: JSONObject = JSONObject()
      line["text"] = .string(text)
      line["ids"] = list
      print(JSONValue.object(line).text())
    } else {
      print(list?.text() ?? text)
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
