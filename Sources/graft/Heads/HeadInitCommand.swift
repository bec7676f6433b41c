import ArgumentParser
import Diagnostics
import Heads

/// `graft head init`
struct HeadInitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Start a new head on a model that has none.",
    discussion: """
      The head is drawn as transformers draws one: normal with deviation initializer_range. \
      config.json records that it is fresh, and scoring with it needs --allow-fresh-head. A head \
      that exists is never overwritten.
      """)

  @Argument(help: "A model directory without a head.")
  var directory: String

  @Option(help: "The number of scores; 1 for a reward model.")
  var labels: Int

  @Option(help: "The seed of the draw.")
  var seed: UInt64 = 0

  @Option(help: "The form: \(HeadForm.allCases.map(\.rawValue).joined(separator: ", ")).")
  var to = HeadForm.score

  @OptionGroup var output: HeadOutputOptions

  @Option(help: "The family's part of the class name, as in Llama, where it is not known.")
  var className: String?

  func run() throws {
    guard (1...100_000).contains(labels) else {
      throw GraftError.invalidOption("--labels", "\(labels)", expected: "a number from 1 to 100000")
    }
    guard seed <= UInt64(Int.max) else {
      throw GraftError.invalidOption("--seed", "\(seed)", expected: "a number below 2^63")
    }
    var conversion = HeadConversion(input: directory, output: output.writing.output, form: to)
    conversion.newLabels = labels
    conversion.seed = seed
    conversion.className = className
    conversion.replacesOutput = output.writing.force
    conversion.shardByteLimit = try Options.size(output.shardSize)
    try output.report("started:") { (progress) throws(GraftError) in
      try conversion.run(progress: progress)
    }
  }
}
