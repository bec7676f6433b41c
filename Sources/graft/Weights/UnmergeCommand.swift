import Adapters
import ArgumentParser
import Checkpoint
import Diagnostics
import FileIO
import Merge
import StrictJSON
import TensorCore

struct UnmergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unmerge",
    abstract: "Take a merge back: the base out of a merged model and its adapters.",
    discussion: """
      Where the merge was run with --keep-residue, the base's files come back byte for byte, and \
      are held against the hashes in graft.json. Without it every changed number is rounded once \
      more, and what the merge rounded away is gone.
      """)

  @Argument(help: "The merged model's directory.")
  var merged: String

  @Argument(help: "The adapters of the merge, in their order.")
  var adapters: [String]

  @OptionGroup var writing: OutputOptions

  @Option(help: "The factors of the adapters, where no graft.json tells them: 0.7,0.3.")
  var weights: String?

  @Flag(help: "Print the plan and write nothing.")
  var dryRun = false

  func run() throws {
    if fileExists(merged) { throw GraftError.notADirectory(merged) }
    let model = try ModelDirectory(merged)
    var opened: [Adapter] = []
    for path in adapters { opened.append(try Adapter(path, base: model.config)) }
    let numbers = weights?.split(separator: ",").map { Double($0) }
    if let numbers, numbers.contains(where: { $0 == nil }) {
      throw GraftError.invalidOption(
        "--weights", weights ?? "", expected: "numbers such as 0.7,0.3")
    }
    let unmerge = try Unmerge(
      merged: model, adapters: opened, weights: numbers?.compactMap { $0 })
    if dryRun { return describe(unmerge) }
    var progress = Progress("unmerging")
    let files = try unmerge.write(to: writing.output, replacing: writing.force) { done, total in
      progress.update(done, of: total)
    }
    progress.finish()
    if writing.json {
      let out: JSONValue = [
        "output": .string(writing.output), "exact": .bool(unmerge.isExact),
        "files": .array(files.map(\.json)),
      ]
      return print(out.text(.pretty))
    }
    print(
      "\(Style.good("unmerged:")) \(writing.output), \(counted(unmerge.tensors.count, "tensor"))")
    print(
      unmerge.isExact
        ? "  Bit for bit the base: its files have the hashes that graft.json recorded."
        : "  Not bit for bit: \(Style.warning("each changed number is one rounding off at least")); "
          + "what the merge rounded away is gone. 'graft merge --keep-residue' keeps it.")
  }

  private func describe(_ unmerge: Unmerge) {
    if writing.json {
      let tensors = unmerge.tensors.map { tensor -> JSONValue in
        [
          "name": .string(tensor.spec.name), "dtype": .string(tensor.spec.dtype.rawValue),
          "shape": .array(tensor.spec.shape.map { JSONValue($0) }),
          "origin": .string(unmerge.ways[tensor.spec.name] ?? ""),
        ]
      }
      let out: JSONValue = ["exact": .bool(unmerge.isExact), "tensors": .array(tensors)]
      return print(out.text(.pretty))
    }
    print("Would write to \(writing.output):")
    let rows = unmerge.tensors.map { [$0.spec.description, unmerge.ways[$0.spec.name] ?? ""] }
    for line in table(rows) { print(line) }
    print("\(unmerge.isExact ? "Bit for bit the base" : "To one rounding"). Nothing was written.")
  }
}
