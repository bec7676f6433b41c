public import Diagnostics
import Glibc

/// A file mapped into memory for reading, for as long as the object lives.
///
/// The bytes are read from disk when they are touched. ``release(_:)`` gives pages back, so that
/// streaming through a large file does not count against the process.
@safe public final class MappedFile: @unchecked Sendable {
  /// The path that the file was opened by.
  public let path: String
  /// The number of bytes.
  public let byteCount: Int
  private let bytes: UnsafeRawBufferPointer
  private let descriptor: Int32

  /// Maps the file at `path`.
  ///
  /// - Throws: ``GraftError`` if it cannot be opened or is no regular file.
  public init(_ path: String) throws(GraftError) {
    self.path = path
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system("opening", path, errno: errno) }
    do throws(GraftError) {
      unsafe bytes = try Self.map(descriptor, path)
    } catch {
      close(descriptor)
      throw error
    }
    self.descriptor = descriptor
    unsafe byteCount = bytes.count
  }

  private static func map(
    _ descriptor: Int32, _ path: String
  ) throws(GraftError) -> UnsafeRawBufferPointer {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      throw .system("reading the size", path, errno: errno)
    }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile(path) }
    let size = Int(status.st_size)
    guard size > 0 else { return unsafe UnsafeRawBufferPointer(start: nil, count: 0) }
    guard let base = unsafe mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0),
      unsafe base != MAP_FAILED
    else { throw .system("mapping", path, errno: errno) }
    return unsafe UnsafeRawBufferPointer(start: base, count: size)
  }

  deinit {
    close(descriptor)
    if let base = unsafe bytes.baseAddress {
      unsafe munmap(UnsafeMutableRawPointer(mutating: base), byteCount)
    }
  }

  /// Lends the bytes of `range` to `body`.
  ///
  /// - Precondition: `range` lies within the file.
  public func withBytes<R, E>(
    _ range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    try unsafe body(UnsafeRawBufferPointer(rebasing: bytes[range]))
  }

  /// Tells the system that the pages within `range` are not needed any more.
  public func release(_ range: Range<Int>) {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let start = (range.lowerBound + page - 1) / page * page
    let end = range.upperBound == byteCount ? byteCount : range.upperBound / page * page
    guard start < end, let base = unsafe bytes.baseAddress else { return }
    unsafe madvise(UnsafeMutableRawPointer(mutating: base + start), end - start, MADV_DONTNEED)
  }

  /// Copies bytes without mapping them: for streams through large files, whose pages then never
  /// count against the process.
  ///
  /// - Parameters:
  ///   - range: bytes within the file.
  ///   - buffer: room for exactly these bytes.
  /// - Throws: ``GraftError`` if the disk fails, or the file has become shorter.
  public func read(
    _ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer
  ) throws(GraftError) {
    precondition(buffer.count == range.count, "room of another size")
    var done = 0
    while done < range.count {
      let part = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
      let count = unsafe pread(descriptor, part.baseAddress, part.count, range.lowerBound + done)
      if count < 0 {
        if errno == EINTR { continue }
        throw .system("reading", path, errno: errno)
      }
      guard count > 0 else { throw .fileBecameShorter(path, size: range.lowerBound + done) }
      done += count
    }
  }

  /// Asks the system to have bytes ready soon.
  package func willNeed(_ range: Range<Int>) {
    let range = range.clamped(to: 0..<byteCount)
    guard !range.isEmpty else { return }
    posix_fadvise(descriptor, range.lowerBound, range.count, POSIX_FADV_WILLNEED)
  }

  /// Takes whole pages out of the system's cache.
  package func dropFromCache(_ range: Range<Int>) {
    posix_fadvise(descriptor, range.lowerBound, range.count, POSIX_FADV_DONTNEED)
  }

  /// Whether most of the file is in the system's page cache, by a few samples.
  package var isMostlyCached: Bool {
    guard let base = unsafe bytes.baseAddress else { return true }
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let samples = 64
    var present = 0
    for sample in 0..<samples {
      let offset = byteCount / samples * sample / page * page
      var state: UInt8 = 0
      let address = unsafe UnsafeMutableRawPointer(mutating: base + offset)
      if unsafe mincore(address, 1, &state) == 0, state & 1 == 1 { present += 1 }
    }
    return 2 * present > samples
  }
}
