import Diagnostics
import FileIO
import Glibc
import TestSupport
import Testing

/// What a command leaves when it is stopped in the middle.
@Suite(.enabled(if: GraftCommand.isPresent, "needs the built program"), .serialized)
struct InterruptionTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
    try makeDirectories(directory.file("place"))
    // Large enough that writing takes a while: 2 x 48 MB.
    try TinyLlama(vocabulary: 1_500_000).write(to: directory.file("base"))
    try TinyAdapter(head: false).write(to: directory.file("adapter"))
  }

  private var out: String { directory.file("place/out") }

  private func arguments(_ command: String) -> [String] {
    let inputs = command == "merge" ? ["base", "adapter"] : ["base"]
    return [command] + inputs.map(directory.file) + ["-o", out]
  }

  private func leftovers() throws -> [String] { try directoryEntries(directory.file("place")) }

  @Test(arguments: ["merge", "convert"])
  func killedInTheMiddleNothingLooksFinished(command: String) throws {
    var wasKilled = false
    for _ in 0..<10 where !wasKilled {
      let process = try GraftCommand.start(arguments(command))
      // The shell becomes the program, so the number stays.
      while try leftovers().isEmpty, kill(process, 0) == 0 { usleep(500) }
      kill(process, SIGKILL)
      if GraftCommand.wait(for: process) == 128 + SIGKILL {
        wasKilled = true
        #expect(!directoryExists(out))
        #expect(try leftovers().allSatisfy { $0.hasPrefix(".out.graft-partial-") })
      } else {
        removeTree(out)
      }
    }
    #expect(wasKilled)
    let again = try GraftCommand.run(arguments(command))
    #expect(again.code == 0, "\(again.errors)")
    #expect(try leftovers() == ["out"])
    #expect(try GraftCommand.run(["inspect", out]).code == 0)
  }

  @Test(arguments: ["merge", "convert"])
  func aFullDiskIsNamedAndNothingIsLeft(command: String) throws {
    let result = try GraftCommand.run(arguments(command), fileSizeLimit: 20_000)
    #expect(result.code == 4, "\(result.errors)")
    #expect(result.errors.contains("Free space or write elsewhere"))
    #expect(try leftovers().isEmpty)
  }
}
