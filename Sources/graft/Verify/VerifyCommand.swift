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
    usage: """
      graft verify BASE MERGED ADAPTER
      graft verify A B
      graft verify DIR|FILE
      """,
    discussion: """
      With three: recomputes every merged weight from base and adapter in float64 and compares it \
      with what is stored. With two checkpoints of any kind: says which tensors differ, and how \
      much. With one: holds it against its own graft.json, or a file against FILE.graft.json beside \
      it. Exit code 0 if all holds or both are equal, 1 if not. --json is described by \
      Documentation/verify.schema.json.
      """)

  @Argument(
    help: "Base, merged model and adapters in their order; two checkpoints; or an output of Graft.")
  var paths: [String]

  @OptionGroup var combining: CombinationOptions

  @Flag(help: "Also run both on texts: rewards of base and adapter against the merged model's.")
  var behaviour = false

  @Flag(help: "The base is the one that PiSSA or the like left, not the published one.")
  var baseIsResidual = false

  @Flag(help: "Print JSON, with an entry for each tensor.")
  var json = false

  @Option(help: "Write a page for the browser, with a map of the change, to this .html file.")
  var report: String?

  func validate() throws {
    if behaviour, paths.count != 3 {
      throw ValidationError("--behaviour needs one adapter as the third argument.")
    }
    if report != nil, paths.count == 1 {
      throw ValidationError("--report needs two checkpoints, or base, merged model and adapter.")
    }
  }

  func run() throws {
    switch paths.count {
    case 1: try checkRecord(paths[0])
    case 2: try compare(paths[0], paths[1])
    default: try prove(base: paths[0], merged: paths[1], adapters: Array(paths[2...]))
    }
  }

  private func prove(base: String, merged: String, adapters: [String]) throws {
    for path in [base, merged] where fileExists(path) {
      throw GraftError.notADirectory(path)
    }
    let result = try ModelDirectory(merged)
    var model = try ModelDirectory(base)
    // The merged model is held against the numbers that a quantised base computes with.
    if model.quantisation != nil, result.quantisation == nil { model = try model.dequantised() }
    let proof = try WeightsProof(
      base: model, merged: result, adapters: try openAdapters(adapters, model),
      combination: try combination(merged), baseIsResidual: baseIsResidual)
    var verdict: BehaviourVerdict?
    if let adapter = adapters.first, behaviour {
      verdict = try BehaviourVerdict(base: base, merged: merged, adapter: adapter)
    }
    let holds = proof.holds && verdict?.passed != false
    var out = proof.json
    if let verdict { out["behaviour"] = verdict.report }
    out["passed"] = .bool(holds)
    try writeReport { try ProofPage(proof, heads: ProofPage.heads(of: result)).html }
    try finish("proof", out, proof.text + (verdict?.text ?? []), holds)
  }

  private func compare(_ first: String, _ second: String) throws {
    let comparison = try CheckpointComparison(
      (first, try Self.tensors(first)), (second, try Self.tensors(second)))
    try writeReport { ComparisonPage(comparison).html }
    try finish("comparison", comparison.json, comparison.text, comparison.areEqual)
  }

  private func checkRecord(_ path: String) throws {
    let proof = try ProvenanceProof(path)
    try finish("record", proof.json, proof.text, proof.holds)
  }

  private func finish(
    _ kind: String, _ report: JSONObject, _ text: [String], _ holds: Bool
  ) throws {
    if json {
      var out = JSONObject()
      out["schema_version"] = 1
      out["kind"] = .string(kind)
      for (name, value) in report { out[name] = value }
      print(JSONValue.object(out).text(.pretty))
    } else {
      print(text.joined(separator: "\n"))
    }
    if !holds { throw ExitCode(GraftError.Kind.checkFailed.rawValue) }
  }

  private func openAdapters(
    _ adapters: [String], _ model: ModelDirectory
  ) throws(GraftError) -> [Adapter] {
    var opened: [Adapter] = []
    for path in adapters { opened.append(try Adapter(path, base: model.config)) }
    return opened
  }

  /// What was asked for, else what the merged model's graft.json says.
  private func combination(_ merged: String) throws(GraftError) -> AdapterCombination {
    let record = "\(merged)/\(Provenance.fileName)"
    if !combining.isGiven, fileExists(record) {
      let json = try JSONValue.parse(try readFile(record), file: record)
      if let found = json["settings"]?["combination"].flatMap(AdapterCombination.init) {
        return found
      }
    }
    return try combining.combination(default: .sum)
  }

  private func writeReport(_ html: () throws -> String) throws {
    guard let report else { return }
    try writeFileAtomically(report, try html())
  }

  /// The tensors of a model or an adapter, whatever its architecture.
  private static func tensors(_ path: String) throws(GraftError) -> TensorStore {
    if fileExists(path), path.hasSuffix(".safetensors") {
      return try TensorStore(safetensors: path)
    }
    if Adapter.isAdapter(path) { return try Adapter(path).store }
    guard directoryExists(path) else {
      throw fileExists(path) ? .notADirectory(path) : .system("opening", path, errno: 2)
    }
    return try TensorStore(directory: path)
  }
}
