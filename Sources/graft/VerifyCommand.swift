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

  @Argument(help: "The adapters of the merge, in their order; none to compare two models.")
  var adapters: [String] = []

  @OptionGroup var combining: CombinationOptions

  @Flag(help: "Also run both on texts: rewards of base and adapter against the merged model's.")
  var behaviour = false

  @Flag(help: "The base is the one that PiSSA or the like left, not the published one.")
  var baseIsResidual = false

  @Flag(help: "Print JSON, with a line for each tensor.")
  var json = false

  func validate() throws {
    if behaviour, adapters.count != 1 {
      throw ValidationError("--behaviour needs one adapter as the third argument.")
    }
  }

  func run() throws {
    for path in [base, merged] where fileExists(path) {
      throw GraftError.notADirectory(path)
    }
    let result = try ModelDirectory(merged)
    var model = try ModelDirectory(base)
    // The merged model is held against the numbers that a quantised base computes with.
    if model.quantisation != nil, result.quantisation == nil { model = try model.dequantised() }
    let proof = try WeightsProof(
      base: model, merged: result, adapters: try openAdapters(model),
      combination: try combination(), baseIsResidual: baseIsResidual)
    var verdict: BehaviourVerdict?
    if let adapter = adapters.first, behaviour {
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

  private func openAdapters(_ model: ModelDirectory) throws(GraftError) -> [Adapter] {
    var opened: [Adapter] = []
    for path in adapters { opened.append(try Adapter(path, base: model.config)) }
    return opened
  }

  /// What was asked for, else what the merged model's graft.json says.
  private func combination() throws(GraftError) -> AdapterCombination {
    let record = "\(merged)/\(Provenance.fileName)"
    if !combining.isGiven, fileExists(record) {
      let json = try JSONValue.parse(try readFile(record), file: record)
      if let found = json["settings"]?["combination"].flatMap(AdapterCombination.init) {
        return found
      }
    }
    return try combining.combination(default: .sum)
  }
}
