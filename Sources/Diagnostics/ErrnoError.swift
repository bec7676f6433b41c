import Glibc

extension GraftError.Code {
  /// A file or directory that was named does not exist.
  public static let notFound = Self("not-found", .input)
  /// The system refused an operation on a file.
  public static let fileSystem = Self("file-system", .environment)
  /// The file system has no room left.
  public static let diskFull = Self("disk-full", .environment)
}

extension GraftError {
  /// The failure of a system call on `file`, from `errno`'s value `number`.
  ///
  /// - Parameters:
  ///   - operation: what was being done, as in "opening" or "writing".
  ///   - number: the value of `errno`, read right after the call.
  public static func system(_ operation: String, _ file: String, errno number: Int32) -> Self {
    let reason = unsafe String(cString: strerror(number))
    switch number {
    case ENOENT:
      return Self(.notFound, "no such file or directory", file: file, remedy: "Check the path")
    case ENOSPC, EDQUOT, EFBIG:
      return Self(
        .diskFull, "\(operation) failed: \(reason)", file: file,
        remedy: "Free space or write elsewhere; nothing unfinished was left under the final name")
    default:
      return Self(.fileSystem, "\(operation) failed: \(reason)", file: file)
    }
  }
}
