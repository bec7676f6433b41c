import Datasets
import Diagnostics
import Glibc
import StrictJSON

/// What the text commands read: objects of a JSON Lines file, or text.
enum InputRows {
  /// The most text that is read from standard input.
  private static let textLimit = 64 << 20

  /// Hands each row to `body`, with one row in memory.
  ///
  /// - Throws: ``GraftError`` with file and line.
  static func forEach(
    in path: String, _ body: (JSONRows.Row) throws(GraftError) -> Void
  ) throws(GraftError) {
    for result in try JSONRows(path) {
      let row = try result.get()
      do throws(GraftError) {
        guard row.value.object != nil else {
          throw .malformedRow("must be an object, is \(row.value.kindName)")
        }
        try body(row)
      } catch {
        throw error.inRow(row.line, of: path)
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
      guard bytes.count <= textLimit else { throw .textTooLong(limit: textLimit) }
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .notText("standard input")
    }
    return text
  }
}

extension JSONRows.Row {
  /// The key `text`.
  func text() throws(GraftError) -> String {
    guard let text = value["text"]?.string else {
      throw .malformedRow("needs a key 'text' with a string")
    }
    return text
  }
}
