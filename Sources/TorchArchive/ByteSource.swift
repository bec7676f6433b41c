import Diagnostics
import FileIO

/// A run of bytes: a part of a mapped file, or unpacked ones in memory.
enum ByteSource: Sendable {
  case file(MappedFile, Range<Int>)
  case memory([UInt8])

  var count: Int {
    switch self {
    case .file(_, let range): range.count
    case .memory(let bytes): bytes.count
    }
  }

  /// Lends the bytes of `range` to `body`.
  ///
  /// - Precondition: `range` lies within the source.
  func withBytes<R, E>(
    _ range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "a range outside the bytes")
    switch self {
    case .file(let file, let whole):
      let start = whole.lowerBound
      return try unsafe file.withBytes(start + range.lowerBound..<start + range.upperBound, body)
    case .memory(let bytes):
      return try unsafe bytes.span.bytes.withUnsafeBytes { (raw) throws(E) in
        try unsafe body(UnsafeRawBufferPointer(rebasing: raw[range]))
      }
    }
  }

  /// Copies bytes: out of a file without mapping them, so that they never count against the process.
  ///
  /// - Precondition: `range` lies within the source and has the size of `buffer`.
  func read(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws(GraftError) {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "a range outside the bytes")
    switch self {
    case .file(let file, let whole):
      let start = whole.lowerBound
      try unsafe file.read(start + range.lowerBound..<start + range.upperBound, into: buffer)
    case .memory(let bytes):
      unsafe bytes.span.bytes.withUnsafeBytes { raw in
        unsafe buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: raw[range]))
      }
    }
  }

  /// A copy of the bytes of `range`.
  func bytes(_ range: Range<Int>) -> [UInt8] {
    unsafe withBytes(range) { unsafe Array($0) }
  }

  /// A little-endian integer.
  ///
  /// - Precondition: it lies within the source.
  func integer<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type, at position: Int) -> T {
    unsafe withBytes(position..<position + MemoryLayout<T>.size) {
      unsafe T(littleEndian: $0.loadUnaligned(as: T.self))
    }
  }

  /// Asks the system to have bytes ready soon.
  func willNeed(_ range: Range<Int>) {
    guard case .file(let file, let whole) = self else { return }
    let start = whole.lowerBound
    file.willNeed((start + range.lowerBound..<start + range.upperBound).clamped(to: whole))
  }

  /// Tells the system that the pages within `range` are not needed any more.
  func release(_ range: Range<Int>) {
    guard case .file(let file, let whole) = self else { return }
    let start = whole.lowerBound
    file.release(start + range.lowerBound..<start + range.upperBound)
  }
}
