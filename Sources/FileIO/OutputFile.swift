public import Diagnostics
import Crypto
import Glibc

/// A file written once from start to end, hashed on the way.
///
/// Writes go through one buffer. ``close()`` flushes to the disk itself; an output that was not
/// closed is removed when the object goes away.
public final class OutputFile {
  /// What was written.
  public struct Seal: Sendable, Hashable {
    /// The size in bytes.
    public var byteCount: Int
    /// The SHA-256 of the bytes, in lower-case hexadecimal.
    public var sha256: String

    /// Records a size and a hash.
    public init(byteCount: Int, sha256: String) {
      self.byteCount = byteCount
      self.sha256 = sha256
    }
  }

  /// The path that is written.
  public let path: String
  /// The bytes written so far.
  public private(set) var byteCount = 0
  private var descriptor: Int32
  private var buffer: [UInt8] = []
  private var hash = SHA256()
  private static let bufferSize = 1 << 20

  /// Creates the file.
  ///
  /// - Throws: ``GraftError`` if something is already at `path` or it cannot be created.
  public init(_ path: String) throws(GraftError) {
    self.path = path
    descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .system("creating", path, errno: errno) }
    buffer.reserveCapacity(Self.bufferSize)
  }

  deinit {
    guard descriptor >= 0 else { return }
    Glibc.close(descriptor)
    unsafe unlink(path)
  }

  /// Appends bytes.
  public func write(_ bytes: UnsafeRawBufferPointer) throws(GraftError) {
    byteCount += bytes.count
    if bytes.count < Self.bufferSize - buffer.count {
      unsafe buffer.append(contentsOf: bytes)
      return
    }
    try flush()
    try unsafe writeThrough(bytes)
  }

  /// Appends bytes.
  public func write(_ bytes: [UInt8]) throws(GraftError) {
    try unsafe bytes.span.bytes.withUnsafeBytes { (raw) throws(GraftError) in try unsafe write(raw)
    }
  }

  /// Appends the UTF-8 bytes of a string.
  public func write(_ text: String) throws(GraftError) { try write(Array(text.utf8)) }

  /// Flushes everything to the disk and closes the file.
  public func close() throws(GraftError) -> Seal {
    try flush()
    guard fsync(descriptor) == 0 else { throw .system("writing", path, errno: errno) }
    let closing = descriptor
    descriptor = -1
    guard Glibc.close(closing) == 0 else {
      let number = errno
      unsafe unlink(path)
      throw .system("writing", path, errno: number)
    }
    return Seal(byteCount: byteCount, sha256: hexadecimal(hash.finalize()))
  }

  private func flush() throws(GraftError) {
    var pending: [UInt8] = []
    swap(&pending, &buffer)
    try unsafe pending.span.bytes.withUnsafeBytes { (raw) throws(GraftError) in
      try unsafe writeThrough(raw)
    }
    pending.removeAll(keepingCapacity: true)
    swap(&pending, &buffer)
  }

  private func writeThrough(_ bytes: UnsafeRawBufferPointer) throws(GraftError) {
    unsafe hash.update(bufferPointer: bytes)
    var rest = unsafe bytes[...]
    while unsafe !rest.isEmpty {
      let count = unsafe Glibc.write(
        descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      if count < 0 {
        if errno == EINTR { continue }
        throw .system("writing", path, errno: errno)
      }
      unsafe rest = rest.dropFirst(count)
    }
  }
}

/// The SHA-256 of a whole file, in lower-case hexadecimal; streams, and gives pages back.
public func sha256(ofFile path: String) throws(GraftError) -> String {
  let reader = try SequentialReader([path], pieceCount: 4)
  var hash = StreamHash()
  while let piece = try reader.next() {
    unsafe hash.update(piece.bytes)
    reader.recycle(piece)
  }
  return hash.finish()
}
