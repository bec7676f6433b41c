import Adapters
import ArgumentParser
import Checkpoint
import Diagnostics
import FileIO
import StrictJSON
import Verify

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Prove that a merged model is its base plus the adapter, and nothing else.",
    discussion: """
      Recomputes every merged weight from base and adapter in float64 and compares it with what is \
      stored. Without an adapter, it says what differs between the two models. Exit code 0 if all \
      holds, 1 if something does not.
      """)

  @Argument(help: "The base model's directory.")
  var base: String

  @Argument(help: "The merged model's directory.")
  var merged: String

  @Argument(help: "The adapter's directory.")
  var adapter: String?

  @Flag(help: "Also run both on texts: rewards of base and adapter against the merged model's.")
  var behaviour = false

  @Flag(help: "Print JSON, with a line for each tensor.")
  var json = false

  func validate() throws {
    if behaviour, adapter == nil {
      throw ValidationError("--behaviour needs the adapter as the third argument.")
    }
  }

  func run() throws {
    for path in [base, merged] where fileExists(path) {
      throw GraftError.notADirectory(path)
    }
    let model = try ModelDirectory(base)
    let proof = try WeightsProof(
      base: model, merged: try ModelDirectory(merged), adapter: try openAdapter(model))
    var verdict: BehaviourVerdict?
    if let adapter, behaviour {
      verdict = try BehaviourVerdict(base: base, merged: merged, adapter: adapter)
    }
    let holds = proof.holds && verdict?.passed != false
    if json {
      var out = proof.json
      if let verdict { out["behaviour"] = verdict.report }
      out["passed"] = .bool(holds)
      print(JSONValue.object(out).text(.pretty))
    } else {
      var lines = proof.text
      if let verdict { lines += verdict.text }
      print(lines.joined(separator: "\n"))
    }
    if !holds { throw ExitCode(GraftError.Kind.checkFailed.rawValue) }
  }

  private func openAdapter(_ model: ModelDirectory) throws(GraftError) -> Adapter? {
    guard let adapter else { return nil }
    return try Adapter(adapter, base: model.config)
  }
}
