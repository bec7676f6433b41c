import ArgumentParser
import Diagnostics
import Heads

/// `graft head rename`
struct HeadRenameCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rename",
    abstract: "Give a head's module another name; every number stays.")

  @Argument(help: "A model or adapter directory.")
  var directory: String

  @Argument(help: "The module's name, as in regression_layer.")
  var from: String

  @Argument(help: "Its new name, as in score.")
  var to: String

  @OptionGroup var output: HeadOutputOptions

  func run() throws {
    var renaming = HeadRenaming(input: directory, output: output.writing.output, from: from, to: to)
    renaming.replacesOutput = output.writing.force
    renaming.shardByteLimit = try Options.size(output.shardSize)
    try output.report("renamed:") { (progress) throws(GraftError) in
      try renaming.run(progress: progress)
    }
  }
}
