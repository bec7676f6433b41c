import Adapters
import ArgumentParser
import Checkpoint
import Diagnostics

struct CombineCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "combine",
    abstract: "Make one adapter of several, by a weighted sum, TIES, DARE and their kin.",
    discussion: """
      The methods are those of PEFT's add_weighted_adapter. By default A and B stand side by side \
      (cat), which is the exact sum. 'graft merge BASE A1 A2' merges several without this step.
      """)

  @Argument(help: "The adapters.")
  var adapters: [String]

  @OptionGroup var writing: OutputOptions

  @OptionGroup var options: CombinationOptions

  @Option(help: "The base model's directory, to check the adapters against.")
  var base: String?

  @Option(help: "The program to write for: peft, mlx or gguf.")
  var to = "peft"

  @Flag(help: "Print the plan and write nothing.")
  var dryRun = false

  func run() throws {
    guard let dialect = AdapterDialect(rawValue: to) else {
      throw GraftError.invalidOption("--to", to, expected: "peft, mlx or gguf")
    }
    let model: ModelDirectory? = if let base { try ModelDirectory(base) } else { nil }
    var opened: [Adapter] = []
    for path in adapters { opened.append(try Adapter(path, base: model?.config)) }
    let conversion = try AdapterConversion(
      combining: opened, by: try options.combination(default: .cat), to: dialect, base: model)
    let report = ConversionReport(conversion, output: writing.output, json: writing.json)
    if dryRun { return report.describe() }
    try report.write(replacing: writing.force)
  }
}
