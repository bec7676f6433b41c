import FileIO
import Foundation

/// A Python with the reference packages (gguf, transformers, ...), named by GRAFT_PEERS_PYTHON.
/// Tests that need it are skipped where it is not set.
public enum PeersPython {
  /// The interpreter, or nil.
  public static let path: String? = ProcessInfo.processInfo.environment["GRAFT_PEERS_PYTHON"]
    .flatMap { fileExists($0) ? $0 : nil }

  /// Whether there is one.
  public static var isPresent: Bool { path != nil }

  /// Whether it has a package.
  public static func has(_ name: String) -> Bool { package(name) != nil }

  /// The folder of a package that is installed for it, or nil.
  public static func package(_ name: String) -> String? {
    guard let path else { return nil }
    let libraries = splitPath(splitPath(path).parent).parent + "/lib"
    let folders = (try? directoryEntries(libraries)) ?? []
    return folders.map { "\(libraries)/\($0)/site-packages/\(name)" }
      .first(where: directoryExists)
  }

  /// DuckDB's command, or nil.
  public static let duckDB: String? = package("duckdb_cli").map { "\($0)/duckdb" }
    .flatMap { fileExists($0) ? $0 : nil }

  /// Runs a script and returns what it prints to its standard output.
  ///
  /// - Parameter python: another interpreter.
  /// - Throws: ``Failure`` with what it printed, where it fails.
  @discardableResult
  public static func run(_ arguments: [String], python: String? = nil) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: python ?? path ?? "/nonexistent")
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    // A file, since nobody reads a second pipe meanwhile; apart, since warnings come at any time.
    let directory = try TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    let errors = try directory.write([], to: "errors")
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: errors))
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(output: output + String(decoding: try readFile(errors), as: UTF8.self))
    }
    return output
  }

  /// A script that failed.
  public struct Failure: Error {
    /// What it printed.
    public var output: String
  }

  /// The path of a script in Scripts/golden.
  public static func script(_ name: String) -> String {
    let root = splitPath(splitPath(splitPath(#filePath).parent).parent).parent
    return "\(root)/Scripts/golden/\(name)"
  }
}
