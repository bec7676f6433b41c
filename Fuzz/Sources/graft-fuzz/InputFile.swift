import Glibc

/// A file in memory that holds the input of a run: the readers open files by path.
enum InputFile {
  static let path = "/dev/shm/graft-fuzz-\(getpid())"

  /// Replaces the file's content.
  static func write(_ parts: UnsafeRawBufferPointer..., to path: String = path) -> String {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    guard descriptor >= 0 else {
      perror(path)
      exit(1)
    }
    for part in parts where part.count > 0 {
      guard Glibc.write(descriptor, part.baseAddress, part.count) == part.count else {
        perror(path)
        exit(1)
      }
    }
    close(descriptor)
    return path
  }
}
