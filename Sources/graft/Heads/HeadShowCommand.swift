import Adapters
import ArgumentParser
import Checkpoint
import Diagnostics
import FileIO
import Heads
import StrictJSON
import TensorCore

/// `graft head show`
struct HeadShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Say which heads a directory holds, and which tools would find them.",
    discussion: """
      Looks in the weights and in value_head.safetensors beside them, under every known name, the \
      one in config.json (value_head_prefix) and the one given with --head-name. Exit code 1 if \
      there is no head.
      """)

  @Argument(help: "A model or adapter directory.")
  var directory: String

  @Option(help: "The module that is the head, where it has a name of its own.")
  var headName: String?

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let overview = try HeadOverview(directory, names: headName.map { [$0] } ?? [])
    if json {
      print(overview.json.text(.pretty))
    } else {
      print(overview.text.joined(separator: "\n"))
    }
    if overview.findings.contains(where: { $0.severity == .problem }) { throw ExitCode(1) }
  }
}
