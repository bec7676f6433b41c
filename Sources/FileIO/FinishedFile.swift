public import Diagnostics
import Glibc

/// A single output file that appears under its name whole or not at all.
///
/// Write to ``stagingPath``, close that, then ``commit()``.
public final class FinishedFile {
  /// The final path.
  public let path: String
  /// The hidden file to write.
  public let stagingPath: String
  private let replaces: Bool
  private var isCommitted = false

  /// Prepares a file.
  ///
  /// - Parameters:
  ///   - replacing: whether an existing file may be replaced.
  ///   - inputs: paths that this command reads; the output may be none of them.
  /// - Throws: ``GraftError`` if `path` exists and may not be replaced, or is an input.
  public init(_ path: String, replacing: Bool = false, inputs: [String] = []) throws(GraftError) {
    if let own = resolvedPath(path), inputs.contains(where: { resolvedPath($0) == own }) {
      throw .outputIsInput(path)
    }
    guard !directoryExists(path), replacing || !fileExists(path) else { throw .outputExists(path) }
    let (parent, name) = splitPath(path)
    try makeDirectories(parent)
    self.path = path
    replaces = replacing
    stagingPath = "\(parent)/.\(name).graft-partial-\(getpid())"
    unsafe unlink(stagingPath)
  }

  deinit { if !isCommitted { unsafe unlink(stagingPath) } }

  /// Gives the finished file its name.
  public func commit() throws(GraftError) {
    guard replaces || !fileExists(path) else { throw .outputExists(path) }
    guard unsafe rename(stagingPath, path) == 0 else {
      throw .system("renaming the finished file", path, errno: errno)
    }
    isCommitted = true
    try syncDirectory(splitPath(path).parent)
  }
}
