import ArgumentParser

/// A command that `graft-engine` carries out; listed here for the help text.
protocol EngineCommand: ParsableCommand {
  var arguments: [String] { get }
}

extension EngineCommand {
  /// The words of the command, as ``Graft/main()`` hands them over.
  mutating func run() throws {
    try Engine.become([Self.configuration.commandName ?? ""] + arguments)
  }

  static func configured(_ name: String, _ abstract: String) -> CommandConfiguration {
    CommandConfiguration(commandName: name, abstract: abstract)
  }
}

/// All commands of the engine.
enum EngineCommands {
  static let all: [any ParsableCommand.Type] = [
    TrainCommand.self, ScoreCommand.self, LogitsCommand.self, GradientsCommand.self,
  ]

  /// Handed over before this program's own parser sees them.
  static let names: Set = ["train", "score", "logits", "gradients", "behaviour"]
}

struct TrainCommand: EngineCommand {
  static let configuration = configured("train", "Train a reward model as a YAML file says.")
  @Argument(parsing: .captureForPassthrough) var arguments: [String] = []
}

struct ScoreCommand: EngineCommand {
  static let configuration = configured("score", "Score texts or conversations.")
  @Argument(parsing: .captureForPassthrough) var arguments: [String] = []
}

struct LogitsCommand: EngineCommand {
  static let configuration = configured("logits", "Print a model's logits, for comparisons.")
  @Argument(parsing: .captureForPassthrough) var arguments: [String] = []
}

struct GradientsCommand: EngineCommand {
  static let configuration = configured(
    "gradients", "Print losses and gradients of the first training steps, for comparisons.")
  @Argument(parsing: .captureForPassthrough) var arguments: [String] = []
}
