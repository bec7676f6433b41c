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
  private let progress = Monitor(Progress())
  private var rooms: [Room] = []
  private static let pieceSize = 1 << 20
  private static let ahead = 160 << 20
  private static let behind = 128 << 20

  private struct Progress {
    var position = 0
    /// Whether all pieces are in use, or nothing is left to read.
    var isStanding = false
  }

  @safe private struct Room: @unchecked Sendable {
    let bytes: UnsafeMutableRawBufferPointer
  }

  /// Begins to read.
  ///
  /// - Parameters:
  ///   - pace: keeps the reader near others that read the same files; nil to run freely.
  ///   - leads: whether others follow it by ``wait(until:)``. One reader in order gets more from a
  ///     disk than several that are asked for ahead (see Benchmarks/NOTES.md).
  package init(
    _ paths: [String], pieceCount: Int = 8, pace: Pace? = nil, leads: Bool = false
  ) throws(GraftError) {
    self.pace = pace
    // All pieces, and a failure.
    pieces = Channel(capacity: pieceCount + 1)
    free = Channel(capacity: pieceCount)
    rooms = (0..<pieceCount).map { _ in
      unsafe Room(bytes: .allocate(byteCount: Self.pieceSize, alignment: 4096))
    }
    for room in rooms { free.send(room) }
    let (pieces, free, progress) = (pieces, free, progress)
    try threads.run {
      defer { progress.withLock { $0.isStanding = true } }
      var before = 0
      for (index, path) in paths.enumerated() {
        do throws(GraftError) {
          before += try Self.read(
            path, index, into: pieces, free, pace, leads ? progress : nil, before)
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

  /// Waits until so many bytes of all files together were read, or the reader itself has to wait.
  package func wait(until position: Int) {
    _ = progress.wait { $0.isStanding || $0.position >= position ? true : nil }
  }

  /// Ends reading early.
  package func stop() {
    pace?.release()
    pieces.cancel()
    free.cancel()
    threads.join()
  }

  private static func read(
    _ path: String, _ index: Int, into pieces: Channel<Result<Piece, GraftError>>,
    _ free: Channel<Room>, _ pace: Pace?, _ progress: Monitor<Progress>?, _ before: Int
  ) throws(GraftError) -> Int {
    let file = try MappedFile(path)
    let isCached = file.isMostlyCached
    var start = 0
    repeat {
      pace?.wait(for: before + start)
      guard let room = Self.room(free, progress) else { return start }
      let count = min(pieceSize, file.byteCount - start)
      let bytes = unsafe UnsafeMutableRawBufferPointer(rebasing: room.bytes[0..<count])
      if !isCached, progress == nil { file.willNeed(start + ahead..<start + ahead + count) }
      unsafe try file.read(start..<start + count, into: bytes)
      if !isCached, start >= behind {
        file.dropFromCache(start - behind..<start - behind + pieceSize)
      }
      start += count
      progress?.withLock { $0.position = before + start }
      unsafe pieces.send(
        .success(
          Piece(
            file: index, bytes: UnsafeRawBufferPointer(bytes),
            isLast: start == file.byteCount, room: room.bytes)))
    } while start < file.byteCount
    // The tail stays: who reads the same file for another purpose may be a little behind.
    return start
  }

  private static func room(_ free: Channel<Room>, _ progress: Monitor<Progress>?) -> Room? {
    guard let progress else { return free.receive() }
    if let room = free.poll() { return room }
    progress.withLock { $0.isStanding = true }
    defer { progress.withLock { $0.isStanding = false } }
    return free.receive()
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
