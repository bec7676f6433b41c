import ArgumentParser
import Checkpoint
import Diagnostics
import FileIO
import Heads
import StrictJSON

/// Where a changed head is written, and how that is reported.
struct HeadOutputOptions: ParsableArguments {
  @OptionGroup var writing: OutputOptions

  @Option(help: "The size at which another weight file is begun.")
  var shardSize = "5GB"

  /// Runs an edit and says what it wrote.
  func report(
    _ title: String,
    _ edit: ((Int, Int) -> Void) throws(GraftError) -> HeadEditSummary
  ) throws {
    var progress = Progress("writing")
    let summary = try edit { done, total in progress.update(done, of: total) }
    progress.finish()
    if writing.json { return print(Self.json(summary).text(.pretty)) }
    let bytes = summary.files.filter { $0.name.hasSuffix(".safetensors") }.reduce(0) {
      $0 + $1.seal.byteCount
    }
    print(
      "\(Style.good(title)) \(summary.output): \(counted(summary.tensorCount, "tensor")), "
        + byteText(bytes))
    for (tensor, reason) in summary.dropped { print("  left out: \(tensor): \(reason)") }
    for note in summary.notes { print("  \(Style.dim("note:")) \(note)") }
    print("  See which tools find it: graft head show \(summary.output)")
  }

  private static func json(_ summary: HeadEditSummary) -> JSONValue {
    [
      "output": .string(summary.output), "tensors": JSONValue(summary.tensorCount),
      "files": .array(summary.files.map(\.json)),
      "dropped": .array(
        summary.dropped.map { ["tensor": .string($0.tensor), "reason": .string($0.reason)] }),
      "notes": .array(summary.notes.map { .string($0) }),
    ]
  }
}
