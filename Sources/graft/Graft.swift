import ArgumentParser
import CKernels
import Diagnostics
import Glibc

/// The `graft` command: file commands run here, compute commands in `graft-engine`.
@main struct Graft: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "graft",
    abstract: "Trains, merges, proves and scores reward models without losing a weight.",
    discussion: """
      Exit codes: 0 fine, 1 a check failed, 2 wrong usage, 3 an input is broken, 4 the machine \
      lacks something.
      """,
    version: "graft 0.1.0",
    subcommands: fileCommands + EngineCommands.all)

  static let fileCommands: [any ParsableCommand.Type] = [
    InspectCommand.self, HeadCommand.self, ConvertCommand.self, MergeCommand.self,
    VerifyCommand.self, ExtractCommand.self, CombineCommand.self, UnmergeCommand.self,
    GatherCommand.self,
    TokenizeCommand.self,
    RenderCommand.self, DataCommand.self,
  ]

  static func main() {
    // A file over the size limit is then an error like a full disk, and is cleaned up after.
    signal(SIGXFSZ, SIG_IGN)
    graft_keep_freed_blocks()
    let arguments = Array(CommandLine.arguments.dropFirst())
    do {
      if let first = arguments.first, EngineCommands.names.contains(first) {
        try Engine.become(arguments)
      }
      var command = try parseAsRoot(arguments)
      try command.run()
    } catch let error as GraftError {
      Console.fail(error)
    } catch {
      let text = fullMessage(for: error)
      switch exitCode(for: error) {
      case .success: Console.finish(text)
      case .validationFailure:
        let words = text.hasPrefix("Error:") ? "error:" + text.dropFirst("Error:".count) : text
        Console.fail(words, code: GraftError.Kind.usage.rawValue)
      case let code: Console.fail(text, code: code.rawValue)
      }
    }
  }
}
