import Diagnostics
import FileIO
import Glibc

/// The program that runs models, beside this one.
enum Engine {
  /// Where it must be.
  static func path() throws(GraftError) -> String {
    guard let own = resolvedPath("/proc/self/exe") else {
      throw .system("finding this program", "/proc/self/exe", errno: errno)
    }
    return splitPath(own).parent + "/graft-engine"
  }

  /// Replaces this process by the engine, with the same arguments.
  static func become(_ arguments: [String]) throws(GraftError) -> Never {
    let engine = try path()
    guard access(engine, X_OK) == 0 else { throw .engineMissing(engine) }
    var words: [UnsafeMutablePointer<CChar>?] = ([engine] + arguments).map { strdup($0) }
    words.append(nil)
    fflush(nil)
    execv(engine, &words)
    throw .system("starting", engine, errno: errno)
  }

  /// Runs the engine and returns what it prints on standard output, with its exit code.
  static func run(_ arguments: [String]) throws(GraftError) -> (output: [UInt8], code: Int32) {
    let engine = try path()
    guard access(engine, X_OK) == 0 else { throw .engineMissing(engine) }
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw .system("making a pipe", engine, errno: errno) }
    defer { close(ends[0]) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
    posix_spawn_file_actions_addclose(&actions, ends[0])
    var words: [UnsafeMutablePointer<CChar>?] = ([engine] + arguments).map { strdup($0) }
    words.append(nil)
    defer { for word in words { free(word) } }
    var process: pid_t = 0
    fflush(nil)
    let started = posix_spawn(&process, engine, &actions, nil, words, environ)
    close(ends[1])
    guard started == 0 else { throw .system("starting", engine, errno: started) }
    var output: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(ends[0], &block, block.count)
      if count > 0 {
        output += block[..<count]
      } else if count == 0 || errno != EINTR {
        break
      }
    }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    let signal = status & 0x7F
    return (output, signal == 0 ? (status >> 8) & 0xFF : 128 + signal)
  }
}
