import ArgumentParser

/// `graft head`
struct HeadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "head",
    abstract: "Find, convert, rename or start the head that turns a model into a reward model.",
    subcommands: [
      HeadShowCommand.self, HeadConvertCommand.self, HeadRenameCommand.self, HeadInitCommand.self,
    ])
}
