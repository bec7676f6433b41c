import FileIO
import FoundationEssentials

/// Large real files beside the repository, which not every machine has.
public enum SharedAssets {
  /// The path of something in `../shared`, whether or not it is there.
  public static func path(_ relative: String, from file: String = #filePath) -> String {
    var root = file.split(separator: "/", omittingEmptySubsequences: false)
    // Tests/TestSupport/SharedAssets.swift is three levels below the repository's root.
    root.removeLast(3)
    root.removeLast()
    return root.joined(separator: "/") + "/shared/" + relative
  }

  /// Whether something in `../shared` is there.
  public static func has(_ relative: String) -> Bool {
    fileExists(path(relative)) || directoryExists(path(relative))
  }

  /// The Python with the peer packages, from `$GRAFT_PEERS_PYTHON`.
  public static var peersPython: String? {
    ProcessInfo.processInfo.environment["GRAFT_PEERS_PYTHON"]
  }
}
