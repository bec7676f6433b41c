import ArgumentParser
import Checkpoint
import Diagnostics
import FileIO
import Merge
import StrictJSON

/// `graft convert`
struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Turn a GGUF file into a Hugging Face directory, or re-shard and re-type one.",
    discussion: """
      Out of a GGUF file of the llama architecture come safetensors weights, config.json, the \
      tokenizer and the chat template; what cannot be derived from the file exactly is an error. \
      A directory keeps every tensor and every file beside the weights.
      """)

  @Argument(help: "A GGUF file, or a directory with config.json and safetensors weights.")
  var input: String

  @Option(name: [.short, .long], help: "The directory to make.")
  var output: String

  @Option(
    help: "The type of the weights: bf16, f16 or f32 (default: bf16 from GGUF, else unchanged).")
  var dtype: String?

  @Option(help: "The size at which another weight file is begun.")
  var shardSize = "5GB"

  @Flag(help: "Replace the output directory if it exists.")
  var force = false

  @Flag(help: "Print what was written as JSON.")
  var json = false

  func run() throws {
    var conversion = Conversion(
      input: input, output: output, dtype: try Options.dtype(dtype))
    conversion.shardByteLimit = try Options.size(shardSize)
    conversion.replacesOutput = force
    var progress = Progress("converting")
    let summary = try conversion.run { done, total in progress.update(done, of: total) }
    progress.finish()
    report(summary)
  }

  private func report(_ summary: Conversion.Summary) {
    if json {
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
      "files": .array(
        summary.files.map {
          [
            "name": .string($0.name), "bytes": JSONValue($0.seal.byteCount),
            "sha256": .string($0.seal.sha256),
          ]
        }),
      "dropped": .array(
        summary.dropped.map { ["tensor": .string($0.tensor), "reason": .string($0.reason)] }),
      "notes": .array(summary.notes.map { .string($0) }),
    ]
  }
}
