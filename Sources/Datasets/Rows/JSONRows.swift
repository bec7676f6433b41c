public import Diagnostics
public import StrictJSON

/// The rows of a JSON file, one at a time: the elements of one list, or one value a line.
///
/// Only one row is in memory. Which of the two layouts it is shows in the first character, as the
/// `datasets` package decides.
public struct JSONRows: Sequence, IteratorProtocol {
  /// One row.
  public struct Row {
    /// What the row holds.
    public var value: JSONValue
    /// The line that it begins on, from 1.
    public var line: Int
    /// Its number, from 1.
    public var number: Int
  }

  /// The file's path.
  public let path: String
  private let window: StreamWindow
  private var isList: Bool?
  private var line = 1
  private var number = 0
  private var isAtEnd = false

  /// Opens the file at `path`.
  public init(_ path: String) throws(GraftError) {
    self.init(try ByteStream(path), path: path)
  }

  init(_ stream: ByteStream, path: String) {
    self.path = path
    window = StreamWindow(stream)
  }

  /// The next row, or nil after the last; a failure where a row is not valid JSON.
  public mutating func next() -> Result<Row, GraftError>? {
    guard !isAtEnd else { return nil }
    do throws(GraftError) {
      guard let (count, firstLine) = try find() else {
        isAtEnd = true
        return nil
      }
      number += 1
      let value = try window.withBytes(count) { (bytes) throws(GraftError) in
        try JSONValue.parse(bytes, file: path, firstLine: firstLine)
      }
      window.skip(count)
      return .success(Row(value: value, line: firstLine, number: number))
    } catch {
      isAtEnd = true
      return .failure(error)
    }
  }

  /// Moves to the next row: its length and its line.
  private mutating func find() throws(GraftError) -> (count: Int, line: Int)? {
    if isList == nil {
      while window.count < 3, try window.grow(line: 1) {}
      if window.count >= 3, window[0] == 0xEF, window[1] == 0xBB, window[2] == 0xBF {
        window.skip(3)
      }
      guard try skipSpace() else { return nil }
      isList = window[0] == UInt8(ascii: "[")
      if isList == true { window.skip(1) }
    }
    return try isList == true ? findElement() : findLine()
  }

  private mutating func findLine() throws(GraftError) -> (count: Int, line: Int)? {
    guard try skipSpace() else { return nil }
    // The line of the row itself; what ends it is passed over as space before the next.
    var searched = 0
    while true {
      if let end = window.firstIndex(of: newline, from: searched) { return (end, line) }
      searched = window.count
      guard try window.grow(line: line) else { return (window.count, line) }
    }
  }

  private mutating func findElement() throws(GraftError) -> (count: Int, line: Int)? {
    guard try skipSpace() else { throw .unfinishedList(path, line: line) }
    if number > 0, window[0] == UInt8(ascii: ",") {
      window.skip(1)
      guard try skipSpace() else { throw .unfinishedList(path, line: line) }
    } else if window[0] == UInt8(ascii: "]") {
      window.skip(1)
      guard try !skipSpace() else { throw .textAfterList(path, line: line) }
      return nil
    } else if number > 0 {
      throw .unfinishedList(path, line: line)
    }
    let firstLine = line
    var end = ValueEnd()
    var count = 0
    while true {
      let isFound = try window.withBytes(window.count) { (bytes) throws(GraftError) in
        end.search(bytes, from: &count, line: &line)
      }
      if isFound { break }
      guard try window.grow(line: firstLine) else { break }
    }
    guard count > 0 else { throw .unfinishedList(path, line: line) }
    return (count, firstLine)
  }

  /// Passes over space; false where nothing follows.
  private mutating func skipSpace() throws(GraftError) -> Bool {
    while true {
      while window.count > 0, isSpace(window[0]) {
        if window[0] == newline { line += 1 }
        window.skip(1)
      }
      if window.count > 0 { return true }
      guard try window.grow(line: line) else { return false }
    }
  }
}

/// Finds the comma or bracket that ends a value; the value itself is checked when decoded.
private struct ValueEnd {
  private var depth = 0
  private var isInString = false
  private var isEscaped = false

  mutating func search(
    _ bytes: UnsafeRawBufferPointer, from position: inout Int, line: inout Int
  ) -> Bool {
    while position < bytes.count {
      let byte = bytes[position]
      if byte == newline { line += 1 }
      if isEscaped {
        isEscaped = false
      } else if isInString {
        if byte == UInt8(ascii: "\\") { isEscaped = true }
        if byte == UInt8(ascii: "\"") { isInString = false }
      } else {
        switch byte {
        case UInt8(ascii: "\""): isInString = true
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
          if depth == 0 { return true }
          depth -= 1
        case UInt8(ascii: ",") where depth == 0: return true
        default: break
        }
      }
      position += 1
    }
    return false
  }
}

private let newline = UInt8(ascii: "\n")

private func isSpace(_ byte: UInt8) -> Bool {
  byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
}
