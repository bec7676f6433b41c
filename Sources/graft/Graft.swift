import ArgumentParser

@main
struct Graft: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "graft", subcommands: [ConvertCommand.self])
}
