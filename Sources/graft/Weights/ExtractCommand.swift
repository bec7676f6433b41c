import ArgumentParser
import Checkpoint
import Diagnostics
import FileIO
import Merge
import StrictJSON
import TensorCore

struct ExtractCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "extract",
    abstract: "Make a LoRA adapter from a base and a model that was fine-tuned from it.",
    discussion: """
      Each linear layer's difference becomes B · A by a truncated singular value decomposition; \
      what else differs is saved whole, or named and refused. Exit code 1 if something that \
      differs would not be in the adapter.
      """)

  @Argument(help: "The base model's directory.")
  var base: String

  @Argument(help: "The fine-tuned model's directory.")
  var finetuned: String

  @OptionGroup var writing: OutputOptions

  @Option(help: "The rank of every pair of A and B.")
  var rank: Int?

  @Option(help: "The share of each difference to keep, as in 0.99; ranks then vary.")
  var energy: Double?

  @Option(help: "The type of A and B: f32 (default), f16 or bf16.")
  var dtype: String?

  @Flag(help: "Leave out differences that an adapter cannot hold.")
  var allowPartial = false

  @Flag(help: "Print the plan and write nothing.")
  var dryRun = false

  func validate() throws {
    guard (rank == nil) != (energy == nil) else {
      throw ValidationError("Pass either --rank or --energy.")
    }
  }

  func run() throws {
    for path in [base, finetuned] where fileExists(path) { throw GraftError.notADirectory(path) }
    let extraction = try Extraction(
      base: try ModelDirectory(base), finetuned: try ModelDirectory(finetuned),
      size: rank.map { .rank($0) } ?? .energy(energy ?? 1),
      dtype: try Options.dtype(dtype) ?? .f32, allowsPartial: allowPartial)
    if dryRun { return describe(extraction) }
    var progress = Progress("extracting")
    let result = try extraction.write(to: writing.output, replacing: writing.force) { done, total in
      progress.update(done, of: total)
    }
    progress.finish()
    writing.json ? print(Self.json(result).text(.pretty)) : report(result)
  }

  private func report(_ result: Extraction.Result) {
    let ranks = result.matrices.map(\.rank)
    let range = Set([ranks.min() ?? 0, ranks.max() ?? 0]).sorted().map(String.init)
    print(
      "\(Style.good("extracted:")) \(result.directory): "
        + "\(counted(result.matrices.count, "weight")) at rank \(range.joined(separator: " to ")), "
        + "\(percent(result.energy)) of the difference kept")
    let rows = result.matrices.sorted { $0.energy < $1.energy }.prefix(10).map { kept in
      [
        kept.tensor.name, "rank \(kept.rank)", percent(kept.energy),
        "at most \(Float(kept.largest)) off",
      ]
    }
    print("  The least kept:")
    for line in table(Array(rows), alignRight: [2], indent: "    ") { print(line) }
    for name in result.whole { print("  saved whole: \(name)") }
    for loss in result.losses {
      print("  \(Style.warning("not captured:")) \(loss.tensor): \(loss.reason)")
    }
    print("  Put it back: graft merge \(base) \(writing.output) -o DIRECTORY")
  }

  private func percent(_ share: Double) -> String { "\(fixed(100 * share, 4)) %" }

  private func describe(_ extraction: Extraction) {
    if writing.json {
      let tensors = extraction.plan.map { entry -> JSONValue in
        [
          "name": .string(entry.tensor.name), "how": .string(entry.isWhole ? "whole" : "factors"),
          "shape": .array(entry.tensor.shape.map { JSONValue($0) }),
        ]
      }
      let report: JSONValue = [
        "tensors": .array(tensors), "not_captured": Self.json(extraction.losses),
      ]
      return print(report.text(.pretty))
    }
    print("Would write an adapter to \(writing.output):")
    let rows = extraction.plan.map { entry in
      [entry.tensor.description, entry.isWhole ? "whole" : "B · A of the difference"]
    }
    for line in table(rows) { print(line) }
    for loss in extraction.losses { print("  not captured: \(loss.tensor): \(loss.reason)") }
    print("Nothing was written.")
  }

  private static func json(_ losses: [Extraction.Loss]) -> JSONValue {
    .array(losses.map { ["tensor": .string($0.tensor), "reason": .string($0.reason)] })
  }

  private static func json(_ result: Extraction.Result) -> JSONValue {
    [
      "output": .string(result.directory), "energy": JSONValue(result.energy),
      "matrices": .array(
        result.matrices.map {
          [
            "name": .string($0.tensor.name), "rank": JSONValue($0.rank),
            "energy": JSONValue($0.energy), "largest_residual": JSONValue($0.largest),
          ]
        }),
      "whole": .array(result.whole.map { .string($0) }), "not_captured": json(result.losses),
    ]
  }
}
