package import Diagnostics
import Glibc

/// Reads files one after another from start to end, on a thread of its own that is a few pieces
/// ahead.
///
/// Where a file was not in the system's page cache before, it is taken out of it again some way
/// behind: the pages are used anew instead of more and more of them.
@safe package final class SequentialReader: @unchecked Sendable {
  /// Some bytes of one file; to be given back with ``SequentialReader/recycle(_:)``.
  @safe package struct Piece: @unchecked Sendable {
    /// The file, as an index into the paths.
    package let file: Int
    /// The bytes.
    package let bytes: UnsafeRawBufferPointer
    /// Whether the file ends here.
    package let isLast: Bool
    fileprivate let room: UnsafeMutableRawBufferPointer
  }

  private let pieces: Channel<Result<Piece, GraftError>>
  private let free: Channel<Room>
  private let threads = Threads()
  private let pace: Pace?
  private var rooms: [Room] = []
  private static let pieceSize = 1 << 20
  private static let ahead = 160 << 20
  private static let behind = 128 << 20

  @safe private struct Room: @unchecked Sendable {
    let bytes: UnsafeMutableRawBufferPointer
  }

  /// Begins to read.
  ///
  /// - Parameter pace: keeps the reader near others that read the same files; nil to run freely.
  package init(
    _ paths: [String], pieceCount: Int = 8, pace: Pace? = nil
  ) throws(GraftError) {
    self.pace = pace
    pieces = Channel(capacity: pieceCount)
    free = Channel(capacity: pieceCount)
    rooms = (0..<pieceCount).map { _ in
      unsafe Room(bytes: .allocate(byteCount: Self.pieceSize, alignment: 4096))
    }
    for room in rooms { free.send(room) }
    let (pieces, free) = (pieces, free)
    try threads.run {
      var before = 0
      for (index, path) in paths.enumerated() {
        do throws(GraftError) {
          before += try Self.read(path, index, into: pieces, free, pace, before)
        } catch {
          pieces.send(.failure(error))
          break
        }
      }
      pieces.close()
    }
  }

  deinit {
    stop()
    for room in rooms { unsafe room.bytes.deallocate() }
  }

  /// The next piece, or nil after the last file's end.
  package func next() throws(GraftError) -> Piece? { try pieces.receive()?.get() }

  /// Gives a piece's memory back.
  package func recycle(_ piece: Piece) { unsafe free.send(Room(bytes: piece.room)) }

  /// Ends reading early.
  package func stop() {
    pace?.release()
    pieces.cancel()
    free.cancel()
    threads.join()
  }

  private static func read(
    _ path: String, _ index: Int, into pieces: Channel<Result<Piece, GraftError>>,
    _ free: Channel<Room>, _ pace: Pace?, _ before: Int
  ) throws(GraftError) -> Int {
    let file = try MappedFile(path)
    let isCached = file.isMostlyCached
    var start = 0
    repeat {
      pace?.wait(for: before + start)
      guard let room = free.receive() else { return start }
      let count = min(pieceSize, file.byteCount - start)
      let bytes = unsafe UnsafeMutableRawBufferPointer(rebasing: room.bytes[0..<count])
      if !isCached { file.willNeed(start + ahead..<start + ahead + count) }
      unsafe try file.read(start..<start + count, into: bytes)
      if !isCached, start >= behind {
        file.dropFromCache(start - behind..<start - behind + pieceSize)
      }
      start += count
      unsafe pieces.send(
        .success(
          Piece(
            file: index, bytes: UnsafeRawBufferPointer(bytes),
            isLast: start == file.byteCount, room: room.bytes)))
    } while start < file.byteCount
    // The tail stays: who reads the same file for another purpose may be a little behind.
    return start
  }
}

/// How far others have come in the same files, so that what one reads from the disk the other finds
/// in the system's cache.
package final class Pace: Sendable {
  private let state = Monitor((position: 0, isFree: false))
  private static let lead = 64 << 20

  package init() {}

  /// The others have used this many bytes more.
  package func advance(by count: Int) { state.withLock { $0.position += count } }

  /// The others are done.
  package func release() { state.withLock { $0.isFree = true } }

  func wait(for position: Int) {
    _ = state.wait { state -> Bool? in
      state.isFree || position <= state.position + Self.lead ? true : nil
    }
  }
}
