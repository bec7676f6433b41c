import Diagnostics
import Synchronization

/// What encoding keeps from text to text: the words that it saw, and memory to work in.
struct Workspace: ~Copyable {
  /// The ids of the text so far.
  var ids = IDBuffer()
  var scratch = MergeScratch()
  private var shortWords = ShortWordCache()
  private var longWords = WordCache()
  private var word: [Int32] = []

  /// Appends the ids of words.
  mutating func encode(_ words: borrowing PreTokenizedText, _ model: any TokenModel) {
    let text = words.bytes
    text.withUnsafeBufferPointer { bytes in
      guard let base = bytes.baseAddress else { return }
      for range in words.pieces {
        let start = range.lowerBound
        guard range.count <= ShortWordCache.lengthLimit, start + 16 <= bytes.count else {
          encode(text.span.extracting(range), words.form, model, key: nil)
          continue
        }
        let key = ShortWordCache.Key(base + start, count: range.count)
        if shortWords.find(key, into: &ids) { continue }
        encode(text.span.extracting(range), words.form, model, key: key)
      }
    }
  }

  /// Appends the ids of a word that is long, or new.
  @inline(never)
  private mutating func encode(
    _ bytes: Span<UInt8>, _ form: WordForm, _ model: any TokenModel, key: ShortWordCache.Key?
  ) {
    let hash = hashBytes(bytes)
    if longWords.find(bytes, hash: hash, into: &ids) { return }
    word.removeAll(keepingCapacity: true)
    model.encode(bytes, form: form, scratch: &scratch, into: &word)
    ids.append(word)
    if let key, word.count <= ShortWordCache.idLimit {
      shortWords.keep(key, ids: word)
    } else {
      longWords.keep(bytes, hash: hash, ids: word)
    }
  }
}

/// A workspace that passes from thread to thread; used by one call at a time.
final class SharedWorkspace: @unchecked Sendable {
  var workspace = Workspace()
}

/// As many workspaces as there are calls at the same time.
struct WorkspacePool: ~Copyable, Sendable {
  private let idle = Mutex<[SharedWorkspace]>([])

  /// Lends a workspace to `body`.
  func withWorkspace<R>(
    _ body: (inout Workspace) throws(GraftError) -> R
  ) throws(GraftError) -> R {
    let box = idle.withLock { $0.popLast() } ?? SharedWorkspace()
    defer { idle.withLock { $0.append(box) } }
    return try body(&box.workspace)
  }
}
