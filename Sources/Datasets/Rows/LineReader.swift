import Diagnostics
import FileIO
import Glibc

/// The lines of a file, or of what a program writes about a file, one at a time.
final class LineReader {
  private let path: String
  private let descriptor: Int32
  private let child: pid_t?
  private let program: String
  private var buffer: [UInt8] = []
  private var position = 0
  private var isAtEnd = false
  private var isReaped = false

  /// The longest line.
  static let lengthLimit = 256 << 20

  /// Opens a file.
  init(_ path: String) throws(GraftError) {
    self.path = path
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system("opening", path, errno: errno) }
    child = nil
    program = ""
  }

  /// Starts a program that writes the lines of `path` to its output.
  ///
  /// - Throws: ``GraftError`` if there is no such program.
  init(_ path: String, through command: [String], remedy: String) throws(GraftError) {
    self.path = path
    program = command[0]
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
    waitpid(child, &status, 0)
  }

  /// The next line without its end, or nil after the last.
  ///
  /// - Throws: ``GraftError`` if reading fails, if a line is too long, or if the program failed.
  func next() throws(GraftError) -> [UInt8]? {
    var searched = position
    while true {
      if let end = buffer[searched...].firstIndex(of: 0x0A) {
        defer { position = end + 1 }
        return Array(buffer[position..<end])
      }
      searched = buffer.count
      if isAtEnd {
        guard position < buffer.count else { return nil }
        defer { position = buffer.count }
        return Array(buffer[position...])
      }
      buffer.removeFirst(position)
      searched -= position
      position = 0
      guard buffer.count <= Self.lengthLimit else {
        throw .brokenDataFile("a line is longer than \(Self.lengthLimit) bytes", path)
      }
      try fill()
    }
  }

  private func fill() throws(GraftError) {
    var block = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let count = read(descriptor, &block, block.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .system("reading", path, errno: errno) }
      if count == 0 {
        isAtEnd = true
        try finish()
      } else {
        buffer += block[..<count]
      }
      return
    }
  }

  private func finish() throws(GraftError) {
    guard let child else { return }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
    isReaped = true
    // The exit status stands in the second byte, a signal in the first.
    guard status != 0 else { return }
    let code = (status >> 8) & 0xFF
    if code == 127 {
      throw .missingReader("needs the program '\(program)'", file: path, remedy: "Install it")
    }
    throw .brokenDataFile("'\(program)' cannot read it to the end: it is cut short or broken", path)
  }
}
