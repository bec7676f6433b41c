import Diagnostics
import FileIO

/// Reads a pickle from front to back; every step is checked against its end.
struct PickleCursor {
  private static let lineLimit = 1 << 16

  let source: ByteSource
  let file: String
  private(set) var position: Int

  init(_ source: ByteSource, from position: Int = 0, file: String) {
    self.source = source
    self.position = position
    self.file = file
  }

  mutating func integer<T: FixedWidthInteger & BitwiseCopyable>(
    _ type: T.Type
  ) throws(GraftError) -> T {
    let range = try take(MemoryLayout<T>.size)
    return source.integer(T.self, at: range.lowerBound)
  }

  /// A length of eight bytes, which must fit in what follows.
  mutating func length64() throws(GraftError) -> Int {
    let length = try integer(UInt64.self)
    guard let length = Int(exactly: length) else { throw invalid("a length of \(length) bytes") }
    return length
  }

  mutating func bytes(_ count: Int) throws(GraftError) -> [UInt8] {
    source.bytes(try take(count))
  }

  mutating func string(_ count: Int) throws(GraftError) -> String {
    let range = try take(count)
    let text = unsafe source.withBytes(range) { unsafe String(validating: $0, as: UTF8.self) }
    guard let text else { throw invalid("a string that is not UTF-8") }
    return text
  }

  /// The bytes up to a line feed, without it.
  mutating func line() throws(GraftError) -> String {
    let limit = min(source.count, position + Self.lineLimit)
    let end = unsafe source.withBytes(position..<limit) { unsafe $0.firstIndex(of: 10) }
    guard let end else { throw invalid("a line without an end") }
    let text = try string(end)
    _ = try take(1)
    return text
  }

  /// A big-endian float64.
  mutating func double() throws(GraftError) -> Double {
    Double(bitPattern: try integer(UInt64.self).byteSwapped)
  }

  func invalid(_ what: String) -> GraftError { .pickleInvalid(file, at: position, what) }

  private mutating func take(_ count: Int) throws(GraftError) -> Range<Int> {
    guard count >= 0, count <= source.count - position else {
      throw invalid("ends within a value of \(count) bytes")
    }
    defer { position += count }
    return position..<position + count
  }
}
