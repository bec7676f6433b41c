import ArgumentParser
import ChatTemplate
import Datasets
import Diagnostics
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

      --template also takes the names of LLaMA-Factory's chat formats (llama3, qwen, mistral, ...; \
      'llamafactory:default' where the model has a template of that name). Text and ids are then \
      those that LLaMA-Factory trains on, and the mask is what it learns; a conversation that ends \
      with a question ends where the assistant begins to speak.
      """)

  @Argument(help: "The model's directory, a GGUF file, or a template's file.")
  var model: String

  @Option(help: "A file of lines with a key 'messages'.")
  var file: String

  @Option(help: "The name of one of the model's templates, or of a chat format.")
  var template: String?

  @Flag(help: "Print the ids that the model reads instead of the text.")
  var ids = false

  @Flag(
    help: """
      Mark what the assistant says, by the template's 'generation' blocks; with --ids a mask of \
      the tokens.
      """)
  var mask = false

  @Flag(help: "Print a line of JSON for each conversation.")
  var json = false

  @Option(help: "The date that the template sees, as in 2024-07-26; today if absent.")
  var now: String?

  func run() throws {
    let date = try now.map(Self.date) ?? .current
    var model = try RenderedModel(model)
    let tokenizer = ids ? try model.tokenizer() : nil
    var hasWarned = false
    try InputRows.forEach(in: file) { (row) throws(GraftError) in
      let rendering = try model.render(row.value, named: template, marked: mask, now: date)
      if !hasWarned, rendering.formatted == nil, let warning = model.doubledBeginning(rendering) {
        hasWarned = true
        Console.complain("\(Style.warning("warning:")) \(warning)")
      }
      let tokens = try tokenizer.map { (tokenizer) throws(GraftError) in
        try RenderedTokens(rendering, tokenizer, marked: mask)
      }
      show(rendering.conversation, tokens)
    }
  }

  private func show(_ conversation: RenderedConversation, _ tokens: RenderedTokens?) {
    func list(_ numbers: [Int]) -> JSONValue { .array(numbers.map { JSONValue($0) }) }
    let ids = tokens.map { list($0.ids.map(Int.init)) }
    let marks = tokens?.isAssistant.map { list($0.map { $0 ? 1 : 0 }) }
    if json {
      var line = JSONObject()
      line["text"] = .string(conversation.text)
      line["ids"] = ids
      if mask {
        line["assistant"] = .array(
          conversation.characterRanges.map { [JSONValue($0.lowerBound), JSONValue($0.upperBound)] })
      }
      line["mask"] = marks
      print(JSONValue.object(line).text())
    } else if let ids {
      print(ids.text())
      if let marks { print(marks.text()) }
    } else {
      print(mask ? conversation.highlighted : conversation.text)
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
