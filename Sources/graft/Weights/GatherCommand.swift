import ArgumentParser
import Checkpoint
import Diagnostics
import Shards
import StrictJSON

/// `graft gather`
struct GatherCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gather",
    abstract: "Put the shards of a training run together, or rescue what was saved without values.",
    discussion: """
      Takes what a sharded trainer left behind (DeepSpeed's global_stepN, checkpoint-N around it, \
      torch.distributed.checkpoint) and makes a model or an adapter directory of it. A directory \
      whose tensors were saved with the shape [0] gets its values back from the shards beside it. \
      Every element of every file is accounted for before anything is written.
      """)

  @Argument(help: "The trainer's checkpoint, or a directory that was saved without values.")
  var checkpoint: String

  @OptionGroup var writing: OutputOptions

  @Option(help: "The directory of the shards, where they are not in CHECKPOINT or beside it.")
  var shards: String?

  @Option(help: "The base model: brings its config.json and what the trainer did not save.")
  var base: String?

  @Option(help: "A directory with config.json or adapter_config.json, and the tokenizer.")
  var config: String?

  @Option(
    help: """
      Which weights to take: master, the optimiser's in float32 (default), or module, the model's \
      own in the type that it was trained in.
      """)
  var weights: String?

  @Option(help: "The type to write, rounded once: f32, f16 or bf16 (default: as they are).")
  var dtype: String?

  @Option(help: "The adapter's lora_alpha, where no adapter_config.json says it.")
  var alpha: Double?

  @Option(help: "The size at which another weight file is begun.")
  var shardSize = "5GB"

  @Flag(help: "Print the plan and the account of every file, and write nothing.")
  var dryRun = false

  func run() throws {
    var options = Gathering.Options()
    options.shards = shards
    options.base = base
    options.config = config
    options.dtype = try Options.dtype(dtype)
    options.alpha = alpha
    options.shardByteLimit = try Options.size(shardSize)
    if let weights {
      guard let kind = ShardedCheckpoint.Weights(rawValue: weights) else {
        throw GraftError.invalidOption("--weights", weights, expected: "master or module")
      }
      options.weights = kind
    }
    let gathering = try Gathering(checkpoint, options)
    let report = GatherReport(gathering, output: writing.output)
    if dryRun {
      writing.json ? print(report.json(nil).text(.pretty)) : report.describe()
      return
    }
    var progress = Progress("gathering")
    let result = try gathering.write(to: writing.output, replacing: writing.force) { done, total in
      progress.update(done, of: total)
    }
    progress.finish()
    writing.json ? print(report.json(result).text(.pretty)) : report.tell(result)
  }
}
