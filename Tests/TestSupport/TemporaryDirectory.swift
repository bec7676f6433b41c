import FileIO
import Glibc

/// A directory for one test, removed when the object goes away.
public final class TemporaryDirectory: Sendable {
  /// The path of the directory.
  public let path: String

  /// Creates an empty directory under the system's temporary directory.
  public init() throws {
    let name = "graft-test-\(getpid())-\(UInt64.random(in: .min ... .max))"
    path = "\(getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp")/\(name)"
    try makeDirectories(path)
  }

  deinit { removeTree(path) }

  /// The path of `name` in the directory.
  public func file(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes bytes to `name` in the directory and returns its path.
  public func write(_ bytes: [UInt8], to name: String) throws -> String {
    let output = try OutputFile(file(name))
    try output.write(bytes)
    _ = try output.close()
    return file(name)
  }
}
