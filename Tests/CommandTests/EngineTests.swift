import Diagnostics
import FileIO
import StrictJSON
import TestSupport
import Testing

/// The hand-over to `graft-engine`, with a script in its place.
@Suite(.enabled(if: GraftCommand.isPresent, "needs the built program")) struct EngineTests {
  private let directory: TemporaryDirectory
  private var program: String { directory.file("graft") }

  init() throws {
    directory = try TemporaryDirectory()
    try run("/bin/cp", try #require(GraftCommand.path), program)
    try TinyLlama().write(to: directory.file("base"))
    try TinyAdapter().write(to: directory.file("adapter"))
  }

  private func run(_ program: String, _ arguments: String...) throws {
    #expect(try GraftCommand.run(arguments, program: program).code == 0)
  }

  private func engine(_ script: String) throws {
    let text = directory.file("script")
    removeTree(text)
    _ = try directory.write(Array("#!/bin/sh\n\(script)\n".utf8), to: "script")
    // Copied by another process: a file that this one has written may still be open in a child
    // that another test is about to start, and cannot be run until then.
    try run("/bin/cp", text, directory.file("graft-engine"))
    try run("/bin/chmod", "+x", directory.file("graft-engine"))
  }

  private func verify(_ options: String...) throws -> GraftCommand.Result {
    let merged = directory.file("out")
    let made = try GraftCommand.run(
      ["merge", directory.file("base"), directory.file("adapter"), "-o", merged, "--force"])
    #expect(made.code == 0, "\(made.errors)")
    return try GraftCommand.run(
      ["verify", directory.file("base"), merged, directory.file("adapter"), "--behaviour"]
        + options, program: program)
  }

  @Test(arguments: ["train", "score"])
  func withoutTheEngineTheWayToItIsNamed(command: String) throws {
    let result = try GraftCommand.run([command, "x"], program: program)
    #expect(result.code == 4)
    #expect(result.errors.contains("make build"))
  }

  @Test func argumentsAndExitCodeAreHandedOverAsTheyAre() throws {
    try engine(#"for word in "$@"; do echo "<$word>"; done; exit 7"#)
    let result = try GraftCommand.run(
      ["score", "--help", "a b", "-o", ""], program: program)
    #expect(result.output == "<score>\n<--help>\n<a b>\n<-o>\n<>\n")
    #expect(result.code == 7)
  }

  @Test func theBehaviourVerdictIsPartOfTheProof() throws {
    try engine(
      #"""
      echo '{"passed": true, "sequences": 1, "largest_difference": 0.001,
        "rewards": [{"base": 0.5, "adapted": 1.25, "merged": 1.251}]}'
      """#)
    let result = try verify()
    #expect(result.code == 0, "\(result.output)")
    #expect(result.output.contains("behaviour holds"))
    #expect(result.output.contains("1.2510"))
  }

  @Test func modelsThatBehaveDifferentlyFailTheCheck() throws {
    try engine(#"echo '{"passed": false}'; exit 1"#)
    let result = try verify("--json")
    #expect(result.code == 1)
    let report = try JSONValue.parse(result.output)
    #expect(report["passed"] == false)
    #expect(report["weights_hold"] == true)
    #expect(report["behaviour"]?["passed"] == false)
  }

  @Test func anEngineThatFailsGivesNoVerdict() throws {
    try engine("exit 9")
    #expect(try verify().code == 4)
    try engine("echo 'error: no' >&2; exit 3")
    let result = try verify()
    #expect(result.code == 3)
    #expect(result.errors.contains("error: no"))
  }
}
