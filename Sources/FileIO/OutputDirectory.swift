public import Diagnostics
import Glibc

/// A directory that appears whole or not at all.
///
/// Files are written into a hidden directory beside the final one, named
/// `.NAME.graft-partial-PID`; ``commit()`` renames it. Whatever stops the program before that
/// leaves nothing under the final name, and the next run removes the remains of processes that
/// are gone.
public final class OutputDirectory {
  /// The final path.
  public let path: String
  /// The hidden directory that is being filled.
  public let stagingPath: String
  private let replaces: Bool
  private var isCommitted = false

  /// Prepares a directory.
  ///
  /// - Parameters:
  ///   - path: where the directory will appear.
  ///   - replacing: whether an existing directory may be replaced (`--force`).
  ///   - inputs: paths that this command reads; the output may be none of them, nor hold one.
  /// - Throws: ``GraftError`` if `path` exists and may not be replaced, or cannot be created.
  public init(_ path: String, replacing: Bool = false, inputs: [String] = []) throws(GraftError) {
    var trimmed = path[...]
    while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed = trimmed.dropLast() }
    let final = String(trimmed)
    self.path = final
    replaces = replacing
    try Self.refuse(inputs, asOutput: final)
    let (parent, name) = splitPath(final)
    Self.removeRemains(of: name, in: parent)
    guard replacing || !Self.exists(final) else { throw .outputExists(final) }
    try makeDirectories(parent)
    stagingPath = "\(parent)/.\(name).graft-partial-\(getpid())"
    removeTree(stagingPath)
    guard unsafe mkdir(stagingPath, 0o755) == 0 else {
      throw .system("creating the directory", stagingPath, errno: errno)
    }
  }

  deinit { if !isCommitted { removeTree(stagingPath) } }

  /// The path of a file that is being written, in the hidden directory.
  public func file(_ name: String) -> String { "\(stagingPath)/\(name)" }

  /// Flushes the directory and gives it its final name.
  public func commit() throws(GraftError) {
    try syncDirectory(stagingPath)
    let (parent, name) = splitPath(path)
    var retired: String?
    if Self.exists(path) {
      guard replaces else { throw .outputExists(path) }
      let aside = "\(parent)/.\(name).graft-replaced-\(getpid())"
      removeTree(aside)
      guard unsafe rename(path, aside) == 0 else {
        throw .system("replacing", path, errno: errno)
      }
      retired = aside
    }
    guard unsafe rename(stagingPath, path) == 0 else {
      let number = errno
      if let retired { unsafe _ = rename(retired, path) }
      throw .system("renaming the finished directory", path, errno: number)
    }
    isCommitted = true
    try syncDirectory(parent)
    if let retired { removeTree(retired) }
  }

  private static func exists(_ path: String) -> Bool {
    var status = stat()
    return unsafe lstat(path, &status) == 0
  }

  private static func refuse(_ inputs: [String], asOutput path: String) throws(GraftError) {
    guard let output = resolvedPath(path) else { return }
    for input in inputs {
      guard let input = resolvedPath(input) else { continue }
      if input == output || input.hasPrefix(output + "/") { throw .outputIsInput(path) }
    }
  }

  /// Removes hidden directories of processes that no longer run; restores a directory that was
  /// set aside by one that died between its two renames.
  private static func removeRemains(of name: String, in parent: String) {
    guard let entries = try? directoryEntries(parent) else { return }
    for entry in entries {
      for kind in ["partial", "replaced"] {
        let prefix = ".\(name).graft-\(kind)-"
        guard entry.hasPrefix(prefix), let process = Int32(entry.dropFirst(prefix.count)),
          process != getpid(), kill(process, 0) != 0, errno == ESRCH
        else { continue }
        let remains = "\(parent)/\(entry)"
        if kind == "replaced", !exists("\(parent)/\(name)") {
          unsafe _ = rename(remains, "\(parent)/\(name)")
        } else {
          removeTree(remains)
        }
      }
    }
  }
}

/// Splits a path into its directory ("." if it has none) and its last component.
public func splitPath(_ path: String) -> (parent: String, name: String) {
  guard let slash = path.lastIndex(of: "/") else { return (".", path) }
  let parent = path[..<slash]
  return (parent.isEmpty ? "/" : String(parent), String(path[path.index(after: slash)...]))
}

/// Creates a directory and those above it.
public func makeDirectories(_ path: String) throws(GraftError) {
  guard !directoryExists(path) else { return }
  let parent = splitPath(path).parent
  if parent != path, parent != "." { try makeDirectories(parent) }
  guard unsafe mkdir(path, 0o755) == 0 || errno == EEXIST else {
    throw .system("creating the directory", path, errno: errno)
  }
}

/// Removes a file, or a directory with all that is in it; links are removed, not followed.
public func removeTree(_ path: String) {
  var status = stat()
  guard unsafe lstat(path, &status) == 0 else { return }
  if status.st_mode & S_IFMT == S_IFDIR {
    for name in (try? directoryEntries(path)) ?? [] { removeTree("\(path)/\(name)") }
    unsafe rmdir(path)
  } else {
    unsafe unlink(path)
  }
}

/// Flushes a directory's entries to the disk.
func syncDirectory(_ path: String) throws(GraftError) {
  let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  guard descriptor >= 0 else { throw .system("opening", path, errno: errno) }
  defer { close(descriptor) }
  guard fsync(descriptor) == 0 else { throw .system("writing", path, errno: errno) }
}

/// Writes a small file so that it appears whole or not at all, and reports its hash.
@discardableResult
public func writeFileAtomically(_ path: String, _ text: String) throws(GraftError)
  -> OutputFile.Seal
{
  let temporary = "\(path).graft-partial-\(getpid())"
  unsafe unlink(temporary)
  let file = try OutputFile(temporary)
  try file.write(text)
  let seal = try file.close()
  guard unsafe rename(temporary, path) == 0 else {
    let number = errno
    unsafe unlink(temporary)
    throw .system("renaming the finished file", path, errno: number)
  }
  try syncDirectory(splitPath(path).parent)
  return seal
}
