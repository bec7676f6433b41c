import ArgumentParser
import Diagnostics
import StrictJSON
import Tokenization

struct TokenizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenize",
    abstract: "Show the tokens that a model reads.",
    discussion: """
      Reads plain text from standard input, or with --file lines of {"text": ...}. Prints for each \
      text its ids and tokens; tokens are spelled as in the model's vocabulary.
      """)

  @Argument(help: "The model's directory.")
  var model: String

  @Option(help: "A file of lines with a key 'text'.")
  var file: String?

  @Flag(help: "Print a line of JSON for each text.")
  var json = false

  @Flag(help: "Leave out the tokens that the tokenizer puts around a text.")
  var noSpecial = false

  func run() throws {
    let tokenizer = try Tokenizer(directory: model)
    guard let file else {
      try show(InputRows.standardInput(), tokenizer)
      return
    }
    try InputRows.forEach(in: file) { (row) throws(GraftError) in
      guard let text = row.value["text"]?.string else {
        throw .malformedRow("needs a key 'text' with a string")
      }
      try show(text, tokenizer)
    }
  }

  private func show(_ text: String, _ tokenizer: Tokenizer) throws(GraftError) {
    let ids = try tokenizer.encode(text, addingSpecialTokens: !noSpecial)
    let tokens = ids.map { tokenizer.token(of: $0) ?? "" }
    if json {
      let line: JSONValue = [
        "ids": .array(ids.map { JSONValue(Int($0)) }),
        "tokens": .array(tokens.map { JSONValue.string($0) }),
      ]
      print(line.text())
      return
    }
    print(Style.bold(counted(ids.count, "token")))
    let rows = zip(ids, tokens).map { [String($0), JSONValue.string($1).text()] }
    for line in table(rows, alignRight: [0]) { print(line) }
  }
}
