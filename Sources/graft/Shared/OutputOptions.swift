import ArgumentParser

/// What all commands share that write a directory, or a file in a format of files.
struct OutputOptions: ParsableArguments {
  @Option(name: [.short, .long], help: "The directory to make; for an adapter in GGUF, the file.")
  var output: String

  @Flag(help: "Replace the output if it exists.")
  var force = false

  @Flag(help: "Print JSON.")
  var json = false
}
