public import Diagnostics
import FileIO
public import StrictJSON

/// The rows of a JSON file, one at a time: the elements of one list, or one value a line.
///
/// The file is mapped, and only one row is decoded at a time. Which of the two layouts it is shows
/// in its first character, as the `datasets` public decides.
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
  private let file: MappedFile
  private let isList: Bool
  private var position = 0
  private var line = 1
  private var number = 0
  private var isAtEnd = false

  /// Opens the file at `path`.
  public init(_ path: String) throws(GraftError) {
    self.path = path
    file = try MappedFile(path)
    let size = file.byteCount
    var start = 0
    var line = 1
    var first: UInt8?
    file.withBytes(0..<size) { bytes in
      if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { start = 3 }
      while start < size, isSpace(bytes[start]) {
        if bytes[start] == newline { line += 1 }
        start += 1
      }
      if start < size { first = bytes[start] }
    }
    isList = first == UInt8(ascii: "[")
    position = isList ? start + 1 : start
    self.line = line
    isAtEnd = first == nil
  }

  /// The next row, or nil after the last; a failure where a row is not valid JSON.
  public mutating func next() -> Result<Row, GraftError>? {
    guard !isAtEnd else { return nil }
    do throws(GraftError) {
      guard let (range, firstLine) = try isList ? nextElement() : nextLine() else {
        isAtEnd = true
        return nil
      }
      number += 1
      let value = try file.withBytes(range) { (bytes) throws(GraftError) in
        try JSONValue.parse(bytes, file: path, firstLine: firstLine)
      }
      return .success(Row(value: value, line: firstLine, number: number))
    } catch {
      isAtEnd = true
      return .failure(error)
    }
  }

  private mutating func nextLine() throws(GraftError) -> (Range<Int>, line: Int)? {
    let size = file.byteCount
    return file.withBytes(0..<size) { bytes in
      while position < size {
        let start = position
        let firstLine = line
        var isBlank = true
        while position < size, bytes[position] != newline {
          if !isSpace(bytes[position]) { isBlank = false }
          position += 1
        }
        let end = position
        if position < size {
          position += 1
          line += 1
        }
        if !isBlank { return (start..<end, firstLine) }
      }
      return nil
    }
  }

  private mutating func nextElement() throws(GraftError) -> (Range<Int>, line: Int)? {
    let size = file.byteCount
    return try file.withBytes(0..<size) { (bytes) throws(GraftError) in
      skipSpace(bytes)
      if number > 0, position < size, bytes[position] == UInt8(ascii: ",") {
        position += 1
        skipSpace(bytes)
      } else if position < size, bytes[position] == UInt8(ascii: "]") {
        position += 1
        skipSpace(bytes)
        guard position == size else { throw .textAfterList(path, line: line) }
        return nil
      } else if number > 0 {
        throw .unfinishedList(path, line: line)
      }
      let start = position
      let firstLine = line
      skipValue(bytes)
      guard position > start else { throw .unfinishedList(path, line: line) }
      return (start..<position, firstLine)
    }
  }

  private mutating func skipSpace(_ bytes: UnsafeRawBufferPointer) {
    while position < bytes.count, isSpace(bytes[position]) {
      if bytes[position] == newline { line += 1 }
      position += 1
    }
  }

  /// Moves to the comma or bracket that ends a value; the value itself is checked when decoded.
  private mutating func skipValue(_ bytes: UnsafeRawBufferPointer) {
    var depth = 0
    var isInString = false
    while position < bytes.count {
      let byte = bytes[position]
      if byte == newline { line += 1 }
      if isInString {
        if byte == UInt8(ascii: "\\") {
          position += 1
        } else if byte == UInt8(ascii: "\"") {
          isInString = false
        }
      } else {
        switch byte {
        case UInt8(ascii: "\""): isInString = true
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
          if depth == 0 { return }
          depth -= 1
        case UInt8(ascii: ",") where depth == 0: return
        default: break
        }
      }
      position += 1
    }
    position = bytes.count
  }
}

private let newline = UInt8(ascii: "\n")

private func isSpace(_ byte: UInt8) -> Bool {
  byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
}
