public import Diagnostics
import Glibc

/// Reads a whole small file, such as a configuration.
///
/// - Parameter limit: the size above which the file is refused, in bytes.
public func readFile(_ path: String, limit: Int = 256 << 20) throws(GraftError) -> [UInt8] {
  let file = try MappedFile(path)
  guard file.byteCount <= limit else {
    throw .fileTooLarge(path, size: file.byteCount, limit: limit)
  }
  return unsafe file.withBytes(0..<file.byteCount) { unsafe Array($0) }
}

/// Whether a regular file (or a link to one) is at `path`.
public func fileExists(_ path: String) -> Bool {
  var status = stat()
  return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
}

/// Whether a directory (or a link to one) is at `path`.
public func directoryExists(_ path: String) -> Bool {
  var status = stat()
  return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}

/// The names in a directory, sorted, without `.` and `..`.
public func directoryEntries(_ path: String) throws(GraftError) -> [String] {
  guard let stream = unsafe opendir(path) else { throw .system("listing", path, errno: errno) }
  defer { unsafe closedir(stream) }
  var names: [String] = []
  while let entry = unsafe readdir(stream) {
    let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
      unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
    }
    if name != ".", name != ".." { names.append(name) }
  }
  return names.sorted()
}

/// The absolute path with links resolved, or nil where nothing is there.
public func resolvedPath(_ path: String) -> String? {
  guard let resolved = unsafe realpath(path, nil) else { return nil }
  defer { unsafe free(resolved) }
  return unsafe String(cString: resolved)
}
