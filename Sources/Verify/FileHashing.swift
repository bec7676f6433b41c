import Checkpoint
import Diagnostics
import FileIO
import Synchronization

/// Hashes two lists of files, beside each other, while others read them.
final class FileHashing: Sendable {
  private let lists: [[String]]
  private let paces = [Pace(), Pace()]
  private let found = Mutex<(records: [[String: OutputFile.Seal]], failure: GraftError?)>(
    ([[:], [:]], nil))

  /// Names the files of either side.
  init(_ one: [String], _ other: [String]) { lists = [one, other] }

  /// Begins, on one of these threads.
  func start(on threads: Threads) throws(GraftError) {
    try threads.run {
      do throws(GraftError) {
        try self.hash()
      } catch {
        self.found.withLock { $0.failure = error }
      }
    }
  }

  /// Others have read so many bytes more of either side.
  func advance(_ one: Int, _ other: Int) {
    paces[0].advance(by: one)
    paces[1].advance(by: other)
  }

  /// Others have read all.
  func release() { for pace in paces { pace.release() } }

  /// The hashes of a side by path; after the thread has ended.
  func seals(_ side: Int) throws(GraftError) -> [String: OutputFile.Seal] {
    let (records, failure) = found.withLock { $0 }
    if let failure { throw failure }
    return records[side]
  }

  /// The files of a side with their hashes; after the thread has ended.
  func records(_ side: Int) throws(GraftError) -> [FileRecord] {
    let seals = try seals(side)
    return lists[side].compactMap { path in
      seals[path].map { FileRecord(name: splitPath(path).name, seal: $0) }
    }
  }

  /// One side's stream of pieces.
  private struct Side {
    var reader: SequentialReader
    var hash = StreamHash()
    var size = 0
    var piece: SequentialReader.Piece?
    var used = 0

    var rest: UnsafeRawBufferPointer? {
      piece.map { UnsafeRawBufferPointer(rebasing: $0.bytes[used...]) }
    }
  }

  private func hash() throws(GraftError) {
    var one = Side(reader: try SequentialReader(lists[0], pace: paces[0]))
    var other = Side(reader: try SequentialReader(lists[1], pace: paces[1]))
    while true {
      try fill(&one, 0)
      try fill(&other, 1)
      if let x = one.rest, let y = other.rest {
        let count = min(x.count, y.count)
        StreamHash.update(
          &one.hash, UnsafeRawBufferPointer(rebasing: x.prefix(count)),
          &other.hash, UnsafeRawBufferPointer(rebasing: y.prefix(count)))
        one.used += count
        other.used += count
      } else if let x = one.rest {
        one.hash.update(x)
        one.used += x.count
      } else if let y = other.rest {
        other.hash.update(y)
        other.used += y.count
      } else {
        return
      }
    }
  }

  /// Moves on to a piece with bytes left, recording files that end.
  private func fill(_ side: inout Side, _ index: Int) throws(GraftError) {
    while true {
      if side.piece == nil {
        side.piece = try side.reader.next()
        side.used = 0
      }
      guard let piece = side.piece, side.used == piece.bytes.count else { return }
      side.size += piece.bytes.count
      if piece.isLast {
        let seal = OutputFile.Seal(byteCount: side.size, sha256: side.hash.finish())
        found.withLock { $0.records[index][lists[index][piece.file]] = seal }
        side.hash = StreamHash()
        side.size = 0
      }
      side.reader.recycle(piece)
      side.piece = nil
    }
  }
}
