import ArgumentParser
import Checkpoint
import Diagnostics
import FileIO
import Merge
import StrictJSON
import TensorCore

#if canImport(Glibc)
  import Glibc
#endif

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

  @Option(help: "The size above which another weight file is begun, as in 5GB or 500MB.")
  var shardSize = "5GB"

  @Flag(help: "Replace the output directory if it exists.")
  var force = false

  @Flag(help: "Print what was written as JSON.")
  var json = false

  func run() throws {
    var conversion = Conversion(input: input, output: output)
    if let dtype {
      guard let type = DType(anyName: dtype) else {
        throw ValidationError("--dtype: '\(dtype)' is no element type; bf16, f16 and f32 are")
      }
      conversion.dtype = type
    }
    guard let limit = Self.byteCount(shardSize) else {
      throw ValidationError("--shard-size: '\(shardSize)' is no size; 5GB and 500MB are")
    }
    conversion.shardByteLimit = limit
    conversion.replacesOutput = force
    let showsProgress = !json && isatty(STDERR_FILENO) != 0
    var shown = -1
    let summary = try conversion.run { done, total in
      let percent = total == 0 ? 100 : done * 100 / total
      guard showsProgress, percent != shown else { return }
      shown = percent
      Self.printError("\r\(percent) % of \(Self.size(total))")
    }
    if showsProgress { Self.printError("\r\u{1B}[K") }
    if json {
      print(Self.json(summary).text(.pretty))
    } else {
      Self.report(summary)
    }
  }

  private static func report(_ summary: Conversion.Summary) {
    let weights = "\(summary.tensorCount) tensors, \(size(summary.byteCount))"
    print("\(summary.output): \(weights), \(summary.files.count + 1) files")
    for (tensor, reason) in summary.dropped { print("left out: \(tensor) (\(reason))") }
    for note in summary.notes { print("note: \(note)") }
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

  /// A size as people write it: `5GB`, `500 MB`, `2GiB`, `1000000`.
  static func byteCount(_ text: String) -> Int? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let unit = text.dropFirst(digits.count).drop { $0 == " " }.uppercased()
    let scales = [
      "": 1, "B": 1, "KB": 1000, "MB": 1_000_000, "GB": 1_000_000_000, "KIB": 1 << 10,
      "MIB": 1 << 20, "GIB": 1 << 30,
    ]
    guard let number = Int(digits), number > 0, let scale = scales[unit] else { return nil }
    let (bytes, overflow) = number.multipliedReportingOverflow(by: scale)
    return overflow ? nil : bytes
  }

  private static func size(_ bytes: Int) -> String {
    let tenths = bytes / 100_000
    return "\(tenths / 10).\(tenths % 10) MB"
  }

  private static func printError(_ text: String) {
    text.withCString { _ = write(STDERR_FILENO, $0, strlen($0)) }
  }
}
