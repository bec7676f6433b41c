import ArgumentParser
import Datasets
import Diagnostics
import Tokenization

struct TokenizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenize",
    abstract: "Show the tokens that a model reads.",
    discussion: """
      Reads plain text from standard input, or with --file lines of {"text": ...}. Prints for each \
      text its ids and tokens, spelled as in the model's vocabulary, and their places in the text, \
      counted in characters as Python does. MODEL is a directory, a GGUF file, a SentencePiece \
      model or a tiktoken file.
      """)

  @Argument(help: "The model's directory, or a tokenizer's file.")
  var model: String

  @Option(help: "A file of lines with a key 'text'.")
  var file: String?

  @Flag(help: "Print a line of JSON for each text.")
  var json = false

  @Flag(help: "With --json: add the text that the ids stand for.")
  var decode = false

  @Flag(help: "Print only ids, a list for each text, and on standard error how long it took.")
  var ids = false

  @Option(help: "With --ids: the threads that encode.")
  var threads = 1

  @Flag(help: "Leave out the tokens that the tokenizer puts around a text.")
  var noSpecial = false

  func validate() throws {
    guard threads > 0 else { throw ValidationError("--threads must be at least 1") }
    guard !decode || json else { throw ValidationError("--decode needs --json") }
    guard !ids || file != nil else { throw ValidationError("--ids needs --file") }
  }

  func run() throws {
    if ids, let file {
      var listing = try IDListing(
        model: model, threads: threads, addsSpecial: !noSpecial)
      try listing.run(file)
      return
    }
    let tokenizer = try Tokenizer(model: model)
    guard let file else {
      try show(InputRows.standardInput(), tokenizer)
      return
    }
    try InputRows.forEach(in: file) { (row) throws(GraftError) in
      try show(row.text(), tokenizer)
    }
  }

  private func show(_ text: String, _ tokenizer: Tokenizer) throws(GraftError) {
    let encoding = try tokenizer.encoding(of: text, addingSpecialTokens: !noSpecial)
    let listing = TokenListing(encoding)
    if json {
      listing.printJSON(decoded: decode ? tokenizer.decode(encoding.ids) : nil)
    } else {
      listing.printTable()
    }
  }
}
