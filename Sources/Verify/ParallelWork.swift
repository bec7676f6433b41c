import Diagnostics
import FileIO
import Synchronization

/// Does numbered pieces of work on all cores; the results are in their order.
///
/// - Throws: the first error of the first piece that failed.
func inParallel<Result: Sendable>(
  _ count: Int, _ work: @escaping @Sendable (Int) throws(GraftError) -> Result
) throws(GraftError) -> [Result] {
  let state = Monitor(WorkState<Result>())
  let threads = Threads()
  let body: @Sendable () -> Void = {
    while true {
      let piece: Int? = state.withLock { state in
        guard state.next < count, state.failure == nil else { return nil }
        state.next += 1
        return state.next - 1
      }
      guard let piece else { return }
      do throws(GraftError) {
        let result = try work(piece)
        state.withLock { $0.results[piece] = result }
      } catch {
        state.withLock { state in
          if let other = state.failure, other.piece < piece { return }
          state.failure = (piece, error)
        }
      }
    }
  }
  for _ in 1..<max(2, coreCount) where coreCount > 1 { try threads.run(body) }
  body()
  threads.join()
  if let failure = state.withLock({ $0.failure }) { throw failure.error }
  return state.withLock { state in (0..<count).compactMap { state.results[$0] } }
}

private struct WorkState<Result> {
  var next = 0
  var results: [Int: Result] = [:]
  var failure: (piece: Int, error: GraftError)?
}
