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
    var wasCut = false
    // On a busy machine the kill may come when all is done; what is there must be whole then.
    for _ in 0..<50 where !wasCut {
      let process = try GraftCommand.start(arguments(command))
      // The shell becomes the program, so the number stays.
      while try leftovers().isEmpty, GraftCommand.isRunning(process) { usleep(500) }
      kill(process, SIGKILL)
      let code = GraftCommand.wait(for: process)
      if directoryExists(out) {
        #expect(try leftovers() == ["out"])
        #expect(try GraftCommand.run(["verify", out]).code == 0)
        removeTree(out)
      } else {
        wasCut = true
        #expect(code == 128 + SIGKILL)
        #expect(try leftovers().allSatisfy { $0.hasPrefix(".out.graft-partial-") })
      }
    }
    #expect(wasCut)
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
