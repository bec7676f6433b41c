package import Diagnostics
import Glibc

/// A large file written once from start to end, past the system's page cache where that can be.
///
/// Direct writes cost the processor a tenth of what buffered ones do, and leave the cache to the
/// files that are read. What does not fill a whole piece at the end goes the usual way. An output
/// that was not closed is removed when the object goes away.
@safe package final class StreamedOutput {
  private let path: String
  private var descriptor: Int32
  private var isDirect: Bool
  private let buffer: UnsafeMutableRawBufferPointer
  private var filled = 0
  private static let pieceSize = 4 << 20
  private static let alignment = 4096
  // O_DIRECT of asm/fcntl.h, which Glibc's module hides.
  #if arch(arm64)
    private static let direct: Int32 = 0o200000
  #else
    private static let direct: Int32 = 0o40000
  #endif

  /// Creates the file.
  ///
  /// - Throws: ``GraftError`` if something is already at `path` or it cannot be created.
  package init(_ path: String) throws(GraftError) {
    self.path = path
    let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC
    var descriptor = unsafe open(path, flags | Self.direct, 0o644)
    isDirect = descriptor >= 0
    if descriptor < 0, errno == EINVAL {
      // The file system has no direct writing, but may have made the file.
      unsafe unlink(path)
      unsafe descriptor = open(path, flags, 0o644)
    }
    guard descriptor >= 0 else { throw .system("creating", path, errno: errno) }
    self.descriptor = descriptor
    unsafe buffer = .allocate(byteCount: Self.pieceSize, alignment: Self.alignment)
  }

  deinit {
    unsafe buffer.deallocate()
    guard descriptor >= 0 else { return }
    Glibc.close(descriptor)
    unsafe unlink(path)
  }

  /// Appends bytes.
  package func write(_ bytes: UnsafeRawBufferPointer) throws(GraftError) {
    var rest = unsafe bytes[...]
    while unsafe !rest.isEmpty {
      let part = unsafe rest.prefix(Self.pieceSize - filled)
      unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<filled + part.count])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: part))
      unsafe filled += part.count
      unsafe rest = rest.dropFirst(part.count)
      if filled == Self.pieceSize { try flush() }
    }
  }

  /// Flushes everything to the disk and closes the file.
  package func close() throws(GraftError) {
    try flush()
    guard fsync(descriptor) == 0 else { throw .system("writing", path, errno: errno) }
    let closing = descriptor
    descriptor = -1
    guard Glibc.close(closing) == 0 else {
      let number = errno
      unsafe unlink(path)
      throw .system("writing", path, errno: number)
    }
  }

  private func flush() throws(GraftError) {
    if isDirect, filled % Self.alignment != 0 { try writeAsUsual() }
    var start = 0
    while start < filled {
      let part = unsafe UnsafeRawBufferPointer(rebasing: buffer[start..<filled])
      let count = unsafe Glibc.write(descriptor, part.baseAddress, part.count)
      if count < 0 {
        if errno == EINTR { continue }
        if errno == EINVAL, isDirect {
          try writeAsUsual()
          continue
        }
        throw .system("writing", path, errno: errno)
      }
      start += count
      if isDirect, start % Self.alignment != 0 { try writeAsUsual() }
    }
    filled = 0
  }

  private func writeAsUsual() throws(GraftError) {
    let flags = fcntl(descriptor, F_GETFL)
    guard flags >= 0, fcntl(descriptor, F_SETFL, flags & ~Self.direct) == 0 else {
      throw .system("writing", path, errno: errno)
    }
    isDirect = false
  }
}
