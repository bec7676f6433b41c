import Diagnostics
import FileIO
import Glibc
import StrictJSON

/// The lines of a JSON Lines file, each an object.
struct InputRows {
  /// One line.
  struct Row {
    /// The object.
    var value: JSONValue
    /// The line's number, from 1.
    var line: Int
  }

  /// Reads the file and hands each line to `body`; empty lines are passed over.
  ///
  /// - Throws: ``GraftError`` with file and line.
  static func forEach(
    in path: String, _ body: (Row) throws(GraftError) -> Void
  ) throws(GraftError) {
    let bytes = try readFile(path, limit: 1 << 30)
    var line = 0
    for text in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
      line += 1
      if text.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
      do throws(GraftError) {
        let value = try JSONValue.parse(Array(text), file: path, firstLine: line)
        guard value.object != nil else {
          throw .malformedRow("must be an object, is \(value.kindName)")
        }
        try body(Row(value: value, line: line))
      } catch {
        throw error.inRow(line, of: path)
      }
    }
  }

  /// All of standard input.
  static func standardInput() throws(GraftError) -> String {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(STDIN_FILENO, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .system("reading", "standard input", errno: errno) }
      if count == 0 { break }
      bytes += buffer[..<count]
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .notText("standard input")
    }
    return text
  }
}
