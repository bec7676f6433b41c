import Adapters
import ArgumentParser
import Checkpoint
import Diagnostics
import FileIO
import Merge
import StrictJSON
import TensorCore

/// `graft convert`
struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Turn a model or an adapter into another format, type or sharding.",
    discussion: """
      Out of a GGUF file of the llama architecture come safetensors weights, config.json, the \
      tokenizer and the chat template; what cannot be derived from the file exactly is an error. \
      A directory keeps every tensor and every file beside the weights. An adapter of PEFT, MLX \
      or llama.cpp becomes one of another (--to).
      """)

  @Argument(help: "A GGUF file, a directory with config.json and weights, or an adapter.")
  var input: String

  @OptionGroup var writing: OutputOptions

  @Option(
    help: "The type of the weights: bf16, f16 or f32 (default: bf16 from GGUF, else unchanged).")
  var dtype: String?

  @Option(help: "The size at which another weight file is begun.")
  var shardSize = "5GB"

  @Option(
    help: """
      How to lay out the experts of a mixture: per-expert, as transformers 4 reads them, or fused \
      (default: as they are).
      """)
  var experts: String?

  @Option(help: "Another family's layout: llama, for an InternLM2 model.")
  var layout: String?

  @Option(help: "For an adapter: the program to write for, peft, mlx or gguf.")
  var to: String?

  @Option(help: "For an adapter: its base model, where the other format needs to know of it.")
  var base: String?

  @Flag(help: "Print the plan, with the origin of every tensor, and write nothing.")
  var dryRun = false

  func run() throws {
    if Adapter.isAdapter(input), !fileExists("\(input)/config.json") || to != nil {
      return try convertAdapter()
    }
    guard to == nil, base == nil else {
      throw ValidationError("--to and --base are for adapters, and this is none.")
    }
    var conversion = Conversion(
      input: input, output: writing.output, dtype: try Options.dtype(dtype))
    conversion.shardByteLimit = try Options.size(shardSize)
    conversion.experts = try Options.experts(experts)
    guard layout == nil || layout == "llama" else {
      throw GraftError.invalidOption("--layout", layout ?? "", expected: "llama")
    }
    conversion.asLlama = layout != nil
    conversion.replacesOutput = writing.force
    if dryRun { return describe(try conversion.plan()) }
    var progress = Progress("converting")
    let summary = try conversion.run { done, total in progress.update(done, of: total) }
    progress.finish()
    report(summary)
  }

  private func convertAdapter() throws {
    guard let dialect = AdapterDialect(rawValue: to ?? "peft") else {
      throw GraftError.invalidOption("--to", to ?? "", expected: "peft, mlx or gguf")
    }
    guard dtype == nil else {
      throw GraftError.invalidOption("--dtype", dtype ?? "", expected: "nothing, for an adapter,")
    }
    let model: ModelDirectory? = if let base { try ModelDirectory(base) } else { nil }
    let adapter = try Adapter(input, base: model?.config)
    let conversion = try AdapterConversion(adapter, to: dialect, base: model)
    if dryRun {
      return ConversionReport(conversion, output: writing.output, json: writing.json).describe()
    }
    try ConversionReport(conversion, output: writing.output, json: writing.json).write(
      replacing: writing.force)
  }

  private func describe(_ plan: Conversion.Plan) {
    let report = PlanReport(tensors: plan.tensors, ledger: plan.ledger)
    if writing.json {
      let out: JSONValue = [
        "tensors": report.json, "dropped": report.dropped,
        "notes": .array(plan.notes.map { .string($0) }),
      ]
      return print(out.text(.pretty))
    }
    print("Would write to \(writing.output):")
    for line in report.text { print(line) }
    for note in plan.notes { print("  note: \(note)") }
    print("\(counted(plan.tensors.count, "tensor")). Nothing was written.")
  }

  private func report(_ summary: Conversion.Summary) {
    if writing.json {
      print(Self.json(summary).text(.pretty))
      return
    }
    let weights = summary.files.filter { $0.name.hasSuffix(".safetensors") }
    print(
      "\(Style.good("converted:")) \(summary.output): \(counted(summary.tensorCount, "tensor")), "
        + "\(byteText(summary.byteCount)) in \(counted(weights.count, "weight file"))")
    for (tensor, reason) in summary.dropped { print("  left out: \(tensor): \(reason)") }
    for note in summary.notes { print("  \(Style.dim("note:")) \(note)") }
    print("  See what it is: graft inspect \(summary.output)")
  }

  private static func json(_ summary: Conversion.Summary) -> JSONValue {
    [
      "output": .string(summary.output), "tensors": JSONValue(summary.tensorCount),
      "bytes": JSONValue(summary.byteCount),
      "files": .array(summary.files.map(\.json)),
      "dropped": .array(
        summary.dropped.map { ["tensor": .string($0.tensor), "reason": .string($0.reason)] }),
      "notes": .array(summary.notes.map { .string($0) }),
    ]
  }
}
