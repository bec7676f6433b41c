import ArgumentParser
import Checkpoint
import Diagnostics
import FileIO
import Glibc
import LanguageModels
import Scoring
import StrictJSON
import TensorCore

struct ScoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score",
    abstract: "Give rewards to texts, conversations or token ids.",
    usage:
      "graft score MODEL IN.jsonl [-o OUT.jsonl] [--adapter DIR] [--template NAME] [--json]",
    discussion: """
      A line of IN.jsonl is an object with one of
        "text": text, tokenized with the special tokens that the tokenizer adds
        "messages": a conversation, written by the chat format that the model was trained with \
      (--template, else chat_format.json), else by the model's own chat template
        "ids": token ids, used as they are
      and perhaps an "id" that is passed through. The reward is the head's value at the last token; \
      it does not depend on the other lines. The rewards are printed as a table, or as JSON lines \
      with --json.
      """)

  @Argument(help: "The reward model's directory, or with --adapter its base's.")
  var model: String

  @Argument(help: "What to score: JSON lines, or a JSON list.")
  var input: String

  @Option(name: [.short, .customLong("output")], help: "Write JSON lines to this file.")
  var output: String?

  @Option(help: "An adapter directory to put on the model; its head is used.")
  var adapter: String?

  @Option(help: "A file or directory that holds the head, if neither model nor adapter does.")
  var head: String?

  @Option(help: "The chat format of conversations, by LLaMA-Factory's name.")
  var template: String?

  @Option(help: "The type to compute in: float32 or bfloat16; chosen by model and processor.")
  var dtype: ComputeType?

  @Flag(help: "Score with a head that was drawn and never trained.")
  var allowFreshHead = false

  @Flag(help: "Print JSON lines.")
  var json = false

  @Flag(help: "Replace OUT.jsonl if it exists.")
  var force = false

  func run() throws {
    if let output {
      guard force || !fileExists(output) else { throw GraftError.outputExists(output) }
      guard resolvedPath(output) != resolvedPath(input) || resolvedPath(output) == nil else {
        throw GraftError.outputIsInput(output)
      }
    }
    let rows = try ScoringRow.read(input, model: model, adapter: adapter, template: template)
    let loaded = try loadRewardModel(
      model, adapter: adapter, head: head, allowsFreshHead: allowFreshHead, dtype: dtype?.dtype)
    try rows.check(vocabularySize: loaded.directory.config.vocabularySize, file: input)
    let showsProgress = isatty(STDERR_FILENO) == 1 && rows.count > 64
    let rewards = try loaded.model.scores(of: rows.map(\.ids)) { done in
      if showsProgress { report("\rscored \(done)/\(rows.count)") }
    }
    if showsProgress { report("\r\u{1B}[K") }
    let scores = ScoreReport(rows: rows, rewards: rewards)
    let lines = scores.lines.map { JSONValue.object($0).text() + "\n" }.joined()
    if let output { try writeFileAtomically(output, lines) }
    print(json ? lines : scores.table(width: terminalWidth()), terminator: "")
    if let output, !json { print("\(rows.count) rewards written to \(output)") }
  }
}

/// The columns of the terminal; 100 where standard output is none.
private func terminalWidth() -> Int {
  var size = winsize()
  guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 100 }
  return Int(size.ws_col)
}

/// The types that models run in, by any usual name.
struct ComputeType: ExpressibleByArgument {
  let dtype: DType

  init?(argument: String) {
    guard let dtype = DType(anyName: argument), dtype == .f32 || dtype == .bf16 else { return nil }
    self.dtype = dtype
  }

  static var allValueStrings: [String] { ["float32", "bfloat16"] }
}
