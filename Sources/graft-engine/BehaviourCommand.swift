import ArgumentParser
import Checkpoint
import Diagnostics
import Glibc
import Scoring
import StrictJSON

struct BehaviourCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "behaviour",
    abstract: "Compare the rewards of base and adapter with those of a merged model.",
    usage: "graft-engine behaviour BASE MERGED ADAPTER [--conversations IN.jsonl] [--json]",
    discussion: """
      Part of graft verify --behaviour. Runs all in float32. Exits with 1 where the merged model \
      does not reward as base and adapter together do.
      """)

  @Argument(help: "The base model's directory.")
  var base: String

  @Argument(help: "The merged model's directory.")
  var merged: String

  @Argument(help: "The adapter's directory.")
  var adapter: String

  @Option(help: "What to compare on, as for graft score; a built-in set of token ids if not given.")
  var conversations: String?

  @Flag(help: "Print one JSON object.")
  var json = false

  func run() throws {
    let vocabulary = try ModelConfig(directory: base).vocabularySize
    var sequences = BehaviourCheck.builtInSequences(vocabularySize: vocabulary)
    if let conversations {
      let rows = try ScoringRow.read(conversations, model: base, adapter: adapter)
      try rows.check(vocabularySize: vocabulary, file: conversations)
      sequences = rows.map(\.ids)
    }
    let check = try BehaviourCheck(
      base: base, adapter: adapter, merged: merged, sequences: sequences)
    print(json ? JSONValue.object(check.json).text(.pretty) : check.sentence)
    if !check.passed { throw ExitCode(GraftError.Kind.checkFailed.rawValue) }
  }
}
