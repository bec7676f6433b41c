import Adapters
import ArgumentParser
import Checkpoint
import Diagnostics
import FileIO
import Merge
import StrictJSON
import TensorCore

struct MergeCommand: ParsableCommand {
  enum Untie: String, ExpressibleByArgument { case auto, never }

  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Add an adapter, and the head it carries, into its base model.",
    discussion: """
      Every weight is base + scale · B · A, rounded once; every other tensor is copied as it is. \
      The output appears whole or not at all, and no input is ever written.
      """)

  @Argument(help: "The base model's directory.")
  var base: String

  @Argument(help: "The adapters: directories (PEFT, MLX) or files (GGUF).")
  var adapters: [String]

  @OptionGroup var writing: OutputOptions

  @Option(help: "The type of the merged weights: f32, f16 or bf16 (default: the base's).")
  var dtype: String?

  @Option(help: "The size at which another weight file is begun.")
  var shardSize = "5GB"

  @OptionGroup var combining: CombinationOptions

  @Flag(help: "Keep beside the output what rounding takes away, so that unmerge is bit-exact.")
  var keepResidue = false

  @Flag(help: "Merge into a quantised base as the numbers that it computes with.")
  var dequantize = false

  @Flag(help: "Merge an adapter that changes nothing all the same.")
  var allowNoEffect = false

  @Option(
    help: ArgumentHelp(
      "What becomes of a head in value_head.safetensors: keep it beside the merged model (also "
        + "v_head), or make a classifier with it (score).",
      valueName: "keep|v_head|score"))
  var head = "keep"

  @Flag(help: "Merge the language model only, and leave such a head behind.")
  var withoutHead = false

  @Option(help: "Untie embeddings where the adapter changes one side only: auto or never.")
  var untie = Untie.auto

  @Flag(help: "Merge into another base than the one that the adapter's graft.json names.")
  var otherBase = false

  @Flag(help: "The base is the one that PiSSA or the like left, not the published one.")
  var baseIsResidual = false

  @Flag(help: "Print the plan and write nothing.")
  var dryRun = false

  func run() throws {
    var options = MergeOptions(
      dtype: try Options.dtype(dtype), shardByteLimit: try Options.size(shardSize),
      allowsNoEffect: allowNoEffect, head: try carriage())
    options.allowsUntying = untie == .auto
    options.baseIsResidual = baseIsResidual
    options.allowsOtherBase = otherBase
    options.keepsResidue = keepResidue
    options.dequantises = dequantize
    if fileExists(base) { throw GraftError.notADirectory(base) }
    let model = try ModelDirectory(base)
    var opened: [Adapter] = []
    for path in adapters {
      let adapter = try Adapter(path, base: model.config)
      if !withoutHead { try AdapterReport.refuseLostHead(adapter, base: base) }
      opened.append(adapter)
    }
    let plan = try MergePlan(
      base: model, adapters: opened, combination: try combining.combination(default: .sum),
      options: options)
    for finding in plan.findings where !writing.json { Console.complain(finding.text) }
    if dryRun { return describe(plan) }
    var progress = Progress("merging")
    let result = try plan.write(to: writing.output, replacing: writing.force) { done, total in
      progress.update(done, of: total)
    }
    progress.finish()
    report(plan, result)
  }

  private func carriage() throws(GraftError) -> HeadCarriage {
    if withoutHead { return .leave }
    switch head {
    case "keep", "v_head": return .keep
    case "score": return .score
    default: throw .invalidOption("--head", head, expected: "keep, v_head or score")
    }
  }

  private func report(_ plan: MergePlan, _ result: MergePlan.Result) {
    let weights = result.files.filter { $0.name.hasSuffix(".safetensors") }
    let bytes = weights.reduce(0) { $0 + $1.seal.byteCount }
    if writing.json {
      var out = JSONObject()
      out["output"] = .string(result.directory)
      out["role"] = .string(plan.roleName)
      out["tensors"] = JSONValue(plan.tensors.count)
      out["changed"] = JSONValue(result.changedTensors)
      out["findings"] = .array(plan.findings.map(\.json))
      out["files"] = .array(result.files.map(\.json))
      print(JSONValue.object(out).text(.pretty))
      return
    }
    print("\(Style.good("merged:")) \(result.directory), a \(plan.roleName)")
    print(
      "  \(grouped(result.changedTensors)) of \(counted(plan.tensors.count, "tensor")) changed or "
        + "added, the others copied bit for bit or converted; "
        + "\(byteText(bytes)) in \(counted(weights.count, "weight file"))")
    print("  Prove it: graft verify \(base) \(writing.output) \(adapters.joined(separator: " "))")
  }

  private func describe(_ plan: MergePlan) {
    let report = PlanReport(tensors: plan.tensors.map(\.spec), ledger: plan.ledger)
    if writing.json {
      let out: JSONValue = ["role": .string(plan.roleName), "tensors": report.json]
      return print(out.text(.pretty))
    }
    print("Would write a \(plan.roleName) to \(writing.output):")
    for line in report.text { print(line) }
    print("\(counted(plan.changedTensors, "tensor")) changed or added. Nothing was written.")
  }
}

extension MergePlan {
  /// What the result will be, in words.
  fileprivate var roleName: String { role.text }
}

extension ModelRole {
  /// The role in words.
  var text: String {
    switch self {
    case .backbone: "backbone"
    case .causal: "causal model"
    case .sequenceClassifier(1): "reward model"
    case .sequenceClassifier(let labels): "sequence classifier with \(labels) labels"
    case .tokenClassifier(let labels): "token classifier with \(labels) labels"
    }
  }
}
