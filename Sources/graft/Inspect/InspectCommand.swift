import Adapters
import ArgumentParser
import Checkpoint
import Diagnostics
import FileIO
import StrictJSON

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Say what models, adapters and weight files are, and what is wrong with them.",
    discussion: """
      Reads headers only, and the values of adapters and heads. Of a base and its adapter \
      together, it says whether they fit and what merging would make of them. Exit code 0 if \
      nothing is wrong, 1 if something is, 3 if something cannot be read. The JSON is described \
      by Documentation/inspect.schema.json.
      """)

  @Argument(help: "Model or adapter directories, or single weight files.")
  var directories: [String]

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    var inspections: [Inspection] = []
    for directory in directories { inspections.append(Inspection(directory)) }
    let fits = Fit.all(inspections)
    if json {
      let report: JSONValue = [
        "schema_version": 1, "inputs": .array(inspections.map(\.json)),
        "fits": .array(fits.map(\.json)),
      ]
      print(report.text(.pretty))
    } else {
      let parts = inspections.map(\.text) + fits.map(\.text)
      print(parts.map { $0.joined(separator: "\n") }.joined(separator: "\n\n"))
    }
    let worst = (inspections.map(\.exitCode) + fits.map(\.exitCode)).max() ?? 0
    if worst != 0 { throw ExitCode(worst) }
  }
}
