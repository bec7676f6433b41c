import ArgumentParser

@main
struct GraftEngine: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "graft-engine")
}
