public import Diagnostics
public import FileIO
import Synchronization

/// The sizes and SHA-256 hashes of files that a command reads, taken while it writes.
///
/// Hashing an input beside the output costs little more than hashing the output alone, and finds
/// the input's bytes still in the system's cache.
public final class InputHashes: Sendable {
  /// The files, in the order in which they are hashed.
  public let paths: [String]
  private let seals = Mutex<[String: OutputFile.Seal]>([:])

  /// Names the files.
  public init(_ paths: [String]) { self.paths = paths }

  /// The seal of a file that was hashed; hashes it now if it was not.
  public func seal(of path: String) throws(GraftError) -> OutputFile.Seal {
    if let known = seals.withLock({ $0[path] }) { return known }
    let seal = OutputFile.Seal(
      byteCount: try MappedFile(path).byteCount, sha256: try sha256(ofFile: path))
    record(seal, of: path)
    return seal
  }

  func record(_ seal: OutputFile.Seal, of path: String) {
    seals.withLock { $0[path] = seal }
  }
}
