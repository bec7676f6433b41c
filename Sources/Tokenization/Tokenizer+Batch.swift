public import Diagnostics
import Dispatch
import Synchronization

extension Tokenizer {
  /// The ids of many texts, encoded on several threads; in the order of the texts.
  ///
  /// - Parameter threads: how many threads work at the same time.
  /// - Throws: ``GraftError`` of the first text that cannot be encoded.
  public func encode(
    _ texts: [String], addingSpecialTokens: Bool = true, threads: Int
  ) throws(GraftError) -> [[Int32]] {
    let results = Mutex([Result<[Int32], GraftError>?](repeating: nil, count: texts.count))
    // Runs of texts, so that threads seldom wait for each other.
    let runLength = 32
    let runCount = (texts.count + runLength - 1) / runLength
    let next = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: max(1, min(threads, runCount))) { _ in
      while true {
        let run = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard run < runCount else { return }
        let range = run * runLength..<min((run + 1) * runLength, texts.count)
        let encoded = range.map { i in
          Result { () throws(GraftError) in
            try encode(texts[i], addingSpecialTokens: addingSpecialTokens)
          }
        }
        results.withLock { results in
          for (i, result) in zip(range, encoded) { results[i] = result }
        }
      }
    }
    var ids: [[Int32]] = []
    ids.reserveCapacity(texts.count)
    for result in results.withLock({ $0 }) { ids.append(try result?.get() ?? []) }
    return ids
  }
}
