import Glibc

/// A directory in memory with the files of one input.
enum InputDirectory {
  static let path = "/dev/shm/graft-fuzz-\(getpid()).d"

  /// Replaces the files.
  static func write(_ files: (name: String, bytes: UnsafeRawBufferPointer)...) -> String {
    mkdir(path, 0o700)
    for file in files { _ = InputFile.write(file.bytes, to: "\(path)/\(file.name)") }
    return path
  }
}
