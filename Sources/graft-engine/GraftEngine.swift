import ArgumentParser
import Diagnostics
import Glibc

/// The compute half of the `graft` command: what needs libtorch.
struct GraftEngine: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "graft-engine",
    abstract: "The commands of graft that run a model.",
    discussion: "Type graft; it hands these commands over. They need libtorch.",
    subcommands: [
      TrainCommand.self, ScoreCommand.self, BehaviourCommand.self, LogitsCommand.self,
      GradientsCommand.self,
    ])
}

@main
enum Main {
  static func main() {
    // A file size limit then fails a write, as a full disk does, and does not end the process.
    signal(SIGXFSZ, SIG_IGN)
    do {
      var command = try GraftEngine.parseAsRoot()
      try command.run()
    } catch let error as GraftError {
      report("error: \(error)\n")
      exit(error.code.kind.rawValue)
    } catch {
      let code = GraftEngine.exitCode(for: error)
      let message = GraftEngine.fullMessage(for: error)
      if code == .success {
        print(message)
      } else if !message.isEmpty {
        report(message + "\n")
      }
      exit(code == .validationFailure ? GraftError.Kind.usage.rawValue : code.rawValue)
    }
  }
}

/// Writes to standard error.
func report(_ text: String) {
  _ = text.utf8CString.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count - 1) }
}
