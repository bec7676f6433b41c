import Diagnostics
import Synchronization

/// What encoding keeps from text to text: the word cache and memory to work in.
///
/// Used by one call at a time; ``WorkspacePool`` lends it.
final class Workspace: @unchecked Sendable {
  var cache = WordCache()
  var scratch = MergeScratch()
}

/// As many workspaces as there are calls at the same time.
struct WorkspacePool: ~Copyable, Sendable {
  private let idle = Mutex<[Workspace]>([])

  /// Lends a workspace to `body`.
  func withWorkspace<R>(
    _ body: (Workspace) throws(GraftError) -> R
  ) throws(GraftError) -> R {
    let workspace = idle.withLock { $0.popLast() } ?? Workspace()
    defer { idle.withLock { $0.append(workspace) } }
    return try body(workspace)
  }
}
