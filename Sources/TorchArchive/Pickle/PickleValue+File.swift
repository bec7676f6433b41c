public import Diagnostics
import FileIO

extension PickleValue {
  /// Reads a file that is one plain pickle, as the `.metadata` of a distributed checkpoint is.
  ///
  /// Nothing in it is executed; it can hold no tensors.
  ///
  /// - Throws: ``GraftError`` if it cannot be opened, is cut short, breaks a rule of the format, goes
  ///   on after its end, or names something that could do harm.
  public static func read(_ path: String) throws(GraftError) -> PickleValue {
    let file = try MappedFile(path)
    let source = ByteSource.file(file, 0..<file.byteCount)
    guard source.count > 0 else { throw .emptyTorchArchive(path) }
    var cursor = PickleCursor(source, file: path)
    let value = try PickleInterpreter.read(&cursor)
    guard cursor.position == source.count else { throw cursor.invalid("bytes after its end") }
    return value
  }
}
