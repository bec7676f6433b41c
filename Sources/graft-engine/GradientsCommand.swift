import ArgumentParser
import Training

struct GradientsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gradients",
    abstract: "Write the gradients of a training run's first step, to compare implementations.",
    usage: "graft-engine gradients CONFIG.yaml [key=value ...] -o OUT.safetensors",
    discussion: """
      The file gets one float32 tensor for each trainable parameter under its PEFT name, before \
      clipping, and the step's "loss". Nothing is trained, and output_dir stays as it is.
      """)

  @Argument(help: "The YAML file.")
  var config: String

  @Argument(help: "Settings key=value that replace those of the file.")
  var overrides: [String] = []

  @Option(name: [.short, .customLong("output")], help: "The safetensors file to write.")
  var output: String

  func run() throws {
    try writeFirstGradients(TrainingConfig(config, overrides: overrides), to: output)
  }
}
