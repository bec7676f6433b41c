import Diagnostics

/// The lines of a stream, one at a time.
final class LineReader {
  private let window: StreamWindow
  /// The lines that were read.
  private(set) var line = 0

  init(_ stream: ByteStream) { window = StreamWindow(stream) }

  /// The next line without its end, or nil after the last.
  ///
  /// - Throws: ``GraftError`` if reading fails, or if a line is too long.
  func next() throws(GraftError) -> [UInt8]? {
    var searched = 0
    while true {
      if let end = window.firstIndex(of: 0x0A, from: searched) { return take(end, andSkip: 1) }
      searched = window.count
      guard try window.grow(line: line + 1) else {
        return window.count > 0 ? take(window.count, andSkip: 0) : nil
      }
    }
  }

  private func take(_ count: Int, andSkip end: Int) -> [UInt8] {
    line += 1
    defer { window.skip(count + end) }
    return Array(window.bytes[window.start..<window.start + count])
  }
}
