import FileIO
import Glibc

/// The built `graft` program, run as a user runs it.
public enum GraftCommand {
  /// How a run ended and what it printed.
  public struct Result: Sendable {
    /// The exit code; 128 plus the signal where one ended it.
    public var code: Int32
    /// Standard output.
    public var output: String
    /// Standard error.
    public var errors: String
  }

  /// The program, beside the test bundle; nil where it was not built.
  public static let path: String? = {
    guard let own = resolvedPath("/proc/self/exe") else { return nil }
    var candidates = [splitPath(own).parent]
    if let bundle = CommandLine.arguments.first.flatMap(resolvedPath) {
      candidates.append(splitPath(bundle).parent)
    }
    // Tests/TestSupport/GraftCommand.swift -> the project
    var root = #filePath
    for _ in 0..<3 { root = splitPath(root).parent }
    candidates += ["\(root)/.build/release", "\(root)/.build/debug"]
    return candidates.map { "\($0)/graft" }.first(where: fileExists)
  }()

  /// Whether it was built.
  public static var isPresent: Bool { path != nil }

  /// Runs it to its end.
  ///
  /// - Parameters:
  ///   - arguments: what follows the program's name.
  ///   - fileSizeLimit: the size in KiB that no written file may exceed.
  ///   - program: another copy of the program.
  public static func run(
    _ arguments: [String], fileSizeLimit: Int? = nil, program: String? = nil
  ) throws -> Result {
    let directory = try TemporaryDirectory()
    let process = try start(
      arguments, fileSizeLimit: fileSizeLimit, program: program, output: directory.file("out"),
      errors: directory.file("err"))
    return Result(
      code: wait(for: process),
      output: String(decoding: try readFile(directory.file("out")), as: UTF8.self),
      errors: String(decoding: try readFile(directory.file("err")), as: UTF8.self))
  }

  /// Starts it and returns its process number.
  public static func start(
    _ arguments: [String], fileSizeLimit: Int? = nil, program: String? = nil,
    output: String = "/dev/null", errors: String = "/dev/null"
  ) throws -> Int32 {
    // dash counts in blocks of 512 bytes.
    let limit = fileSizeLimit.map { "ulimit -f \($0 * 2); " } ?? ""
    let script = limit + #"exec "$@" >""# + output + #"" 2>""# + errors + #"""#
    let words = ["/bin/sh", "-c", script, "sh", program ?? path ?? "graft"] + arguments
    var cWords: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
    cWords.append(nil)
    defer { for word in cWords { free(word) } }
    var process: pid_t = 0
    let number = posix_spawn(&process, "/bin/sh", nil, nil, cWords, environ)
    guard number == 0 else { throw StartFailure(number: number) }
    return process
  }

  /// Waits for a process that ``start(_:fileSizeLimit:program:output:errors:)`` began.
  public static func wait(for process: Int32) -> Int32 {
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    let signal = status & 0x7F
    return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
  }

  /// Whether a process that ``start(_:fileSizeLimit:program:output:errors:)`` began still runs.
  public static func isRunning(_ process: Int32) -> Bool {
    var info = siginfo_t()
    let result = waitid(P_PID, id_t(process), &info, WEXITED | WNOHANG | WNOWAIT)
    // Nothing to wait for leaves the signal number at zero.
    return result == 0 && info.si_signo == 0
  }

  private struct StartFailure: Error { var number: Int32 }
}
