import Diagnostics
import FileIO

/// Finds the shards that belong to a path.
enum ShardSearch {
  /// The directory to open: the one that was given, the path itself or one below it, else the only
  /// checkpoint among its neighbours.
  ///
  /// - Throws: ``GraftError`` if there is none, or several.
  static func place(for path: String, given: String?) throws(GraftError) -> String {
    if let given { return given }
    if ShardedLayout.isPresent(at: path) { return path }
    let isModel = ["adapter_config.json", "config.json"].contains { fileExists("\(path)/\($0)") }
    guard isModel else { return path }
    let found = neighbours(of: path)
    guard let first = found.first else { throw .noShardsBeside(path) }
    if found.count > 1 { throw .severalShardsBeside(path, found) }
    return first
  }

  private static func neighbours(of path: String) -> [String] {
    let own = resolvedPath(path) ?? path
    let parent = splitPath(own).parent
    if let layout = try? ShardedLayout(parent), layout.directory != own { return [parent] }
    let names = (try? directoryEntries(parent)) ?? []
    return names.prefix(256).map { "\(parent)/\($0)" }.filter {
      $0 != own && ShardedLayout.isPresent(at: $0)
    }
  }
}
