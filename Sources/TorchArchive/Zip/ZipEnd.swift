import Diagnostics

/// The records at the end of a zip archive: where its directory is.
struct ZipEnd {
  let entryCount: Int
  let directory: Range<Int>

  init(_ source: ByteSource, file: String) throws(GraftError) {
    guard let end = Self.find(source) else { throw .zipNoDirectory(file) }
    var count = UInt64(source.integer(UInt16.self, at: end + 10))
    var size = UInt64(source.integer(UInt32.self, at: end + 12))
    var start = UInt64(source.integer(UInt32.self, at: end + 16))
    var disk = UInt32(source.integer(UInt16.self, at: end + 4))
    var limit = end
    if end >= 20, source.integer(UInt32.self, at: end - 20) == 0x0706_4B50 {
      guard let wide = Int(exactly: source.integer(UInt64.self, at: end - 12)),
        wide <= end - 20 - 56, source.integer(UInt32.self, at: wide) == 0x0606_4B50
      else { throw .zipInvalid(file, "the zip64 record is not where it should be") }
      count = source.integer(UInt64.self, at: wide + 32)
      size = source.integer(UInt64.self, at: wide + 40)
      start = source.integer(UInt64.self, at: wide + 48)
      disk = source.integer(UInt32.self, at: wide + 16)
      limit = wide
    }
    guard disk == 0 else { throw .zipInvalid(file, "is one part of a zip archive of several") }
    guard let size = Int(exactly: size), let start = Int(exactly: start), start <= limit,
      size <= limit - start, let count = Int(exactly: count), count <= size / 46
    else { throw .zipInvalid(file, "the zip directory lies outside the file") }
    entryCount = count
    directory = start..<start + size
  }

  /// The end record: the last one whose comment reaches exactly to the end of the file.
  private static func find(_ source: ByteSource) -> Int? {
    guard source.count >= 22 else { return nil }
    let first = max(0, source.count - 22 - 0xFFFF)
    let tail = source.bytes(first..<source.count)
    for start in stride(from: tail.count - 22, through: 0, by: -1)
    where tail[start] == 0x50 && tail[start + 1] == 0x4B && tail[start + 2] == 5
      && tail[start + 3] == 6
      && start + 22 + Int(tail[start + 20]) + Int(tail[start + 21]) << 8 == tail.count
    {
      return first + start
    }
    return nil
  }
}
