import Diagnostics
import FileIO
import Glibc

/// The bytes of a file, or of what a program writes about a file, block by block.
final class ByteStream {
  let path: String
  private let descriptor: Int32
  private let child: pid_t?
  private let program: String
  private var isReaped = false
  private var block = [UInt8](repeating: 0, count: 1 << 18)

  /// Opens a file.
  init(_ path: String) throws(GraftError) {
    self.path = path
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system("opening", path, errno: errno) }
    child = nil
    program = ""
  }

  /// Starts a program that writes about `path` to its output.
  ///
  /// - Throws: ``GraftError`` if there is no such program, or no such file.
  init(_ path: String, through command: [String], remedy: String) throws(GraftError) {
    self.path = path
    program = command[0]
    // Looked at here, so that a missing file is not taken for a broken one.
    guard fileExists(path) else { throw .system("opening", path, errno: ENOENT) }
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw .system("opening", path, errno: errno) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    defer { posix_spawn_file_actions_destroy(&actions) }
    var arguments = command.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var process: pid_t = 0
    let status = posix_spawnp(&process, command[0], &actions, nil, &arguments, environ)
    close(ends[1])
    guard status == 0 else {
      close(ends[0])
      throw .missingReader("needs the program '\(command[0])'", file: path, remedy: remedy)
    }
    descriptor = ends[0]
    child = process
  }

  deinit {
    close(descriptor)
    guard let child, !isReaped else { return }
    kill(child, SIGTERM)
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
  }

  /// Appends the next block; false at the end.
  ///
  /// - Throws: ``GraftError`` if reading fails, or if the program failed.
  func read(into buffer: inout [UInt8]) throws(GraftError) -> Bool {
    while true {
      let count = Glibc.read(descriptor, &block, block.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .system("reading", path, errno: errno) }
      guard count > 0 else {
        try finish()
        return false
      }
      buffer += block[..<count]
      return true
    }
  }

  private func finish() throws(GraftError) {
    guard let child, !isReaped else { return }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
    isReaped = true
    // The exit status stands in the second byte, a signal in the first.
    guard status != 0 else { return }
    if (status >> 8) & 0xFF == 127 {
      throw .missingReader("needs the program '\(program)'", file: path, remedy: "Install it")
    }
    throw .brokenDataFile("'\(program)' cannot read it to the end: it is cut short or broken", path)
  }
}

/// A window on a stream that moves along, and grows to hold what is looked for.
final class StreamWindow {
  /// What was read and not yet passed over starts at ``start``.
  private(set) var bytes: [UInt8] = []
  private(set) var start = 0
  private var isAtEnd = false
  private let stream: ByteStream

  /// The longest row. Training reads some thousands of tokens of one.
  static let lengthLimit = 64 << 20

  private let lengthLimit: Int

  /// A window at the start of a stream.
  ///
  /// - Parameter lengthLimit: the most that it grows to.
  init(_ stream: ByteStream, lengthLimit: Int = StreamWindow.lengthLimit) {
    self.stream = stream
    self.lengthLimit = lengthLimit
  }

  /// The bytes that are there.
  var count: Int { bytes.count - start }

  /// Makes more bytes available; false at the end of the stream.
  ///
  /// - Parameter line: where the row begins that the window has to hold.
  func grow(line: Int) throws(GraftError) -> Bool {
    guard !isAtEnd else { return false }
    guard count <= lengthLimit else {
      throw .rowTooLong(stream.path, limit: lengthLimit, line: line)
    }
    if start > 0 {
      bytes.removeFirst(start)
      start = 0
    }
    isAtEnd = try !stream.read(into: &bytes)
    return !isAtEnd
  }

  /// Passes over bytes.
  func skip(_ count: Int) { start += count }

  /// The byte at a place from the start of the window.
  subscript(_ offset: Int) -> UInt8 { bytes[start + offset] }

  /// Where a byte is found at or behind `offset`, within what is there.
  func firstIndex(of byte: UInt8, from offset: Int) -> Int? {
    bytes.withUnsafeBytes { raw -> Int? in
      guard start + offset < raw.count, let base = raw.baseAddress,
        let found = memchr(base + start + offset, Int32(byte), raw.count - start - offset)
      else { return nil }
      return UnsafeRawPointer(found) - (base + start)
    }
  }

  /// Lends the first `count` bytes.
  func withBytes<R>(
    _ count: Int, _ body: (UnsafeRawBufferPointer) throws(GraftError) -> R
  ) throws(GraftError) -> R {
    try bytes.withUnsafeBytes { raw in
      Result { () throws(GraftError) in
        try body(UnsafeRawBufferPointer(rebasing: raw[start..<start + count]))
      }
    }.get()
  }
}
