import Diagnostics
import FileIO

/// A zip archive (zip64 too) whose directory is read and checked; nothing is ever extracted to
/// disk.
///
/// Opening allocates a small multiple of the directory's own size. An entry is lent from the
/// mapped file if it is stored, and unpacked into memory if it is deflated.
///
/// Source: PKWARE's APPNOTE.TXT 6.3.10.
struct ZipArchive: Sendable {
  /// A deflated entry may be this many times as large as its packed bytes...
  static let ratioLimit = 200
  /// ...or as large as this, whichever is more. Weights do not compress that well.
  static let smallSize = 16 << 20

  let source: ByteSource
  let file: String
  /// The names, in the order of the directory.
  let names: [String]
  private let entries: [String: ZipEntry]
  /// Where the directory begins: no entry reaches beyond it.
  private let directoryStart: Int

  init(_ source: ByteSource, file: String) throws(GraftError) {
    let end = try ZipEnd(source, file: file)
    var names: [String] = []
    var entries: [String: ZipEntry] = [:]
    var position = end.directory.lowerBound
    for _ in 0..<end.entryCount {
      let (entry, next) = try Self.entry(source, at: position, end.directory.upperBound, file)
      guard entries.updateValue(entry, forKey: entry.name) == nil else {
        throw .zipEntry(file, name: entry.name, "is there twice")
      }
      names.append(entry.name)
      position = next
    }
    guard position == end.directory.upperBound else {
      throw .zipInvalid(file, "the zip directory has another size than its end says")
    }
    self.source = source
    self.file = file
    self.names = names
    self.entries = entries
    directoryStart = end.directory.lowerBound
  }

  subscript(name: String) -> ZipEntry? { entries[name] }

  /// Whether bytes begin as a zip archive does.
  static func isZip(_ source: ByteSource) -> Bool {
    source.count >= 4 && source.integer(UInt32.self, at: 0) == 0x0403_4B50
  }

  /// Where the packed bytes of an entry lie.
  func place(of entry: ZipEntry) throws(GraftError) -> Range<Int> {
    let header = entry.position
    guard header <= directoryStart - 30, source.integer(UInt32.self, at: header) == 0x0403_4B50
    else { throw .zipEntry(file, name: entry.name, "has no header where the directory says") }
    guard !entry.isEncrypted else {
      throw .zipEntry(file, name: entry.name, "is encrypted")
    }
    let nameLength = Int(source.integer(UInt16.self, at: header + 26))
    let start = header + 30 + nameLength + Int(source.integer(UInt16.self, at: header + 28))
    guard start <= directoryStart, entry.packedSize <= directoryStart - start else {
      throw .zipEntry(file, name: entry.name, "reaches beyond the archive's data")
    }
    guard source.bytes(header + 30..<header + 30 + nameLength) == Array(entry.name.utf8),
      source.integer(UInt16.self, at: header + 8) == entry.method
    else { throw .zipEntry(file, name: entry.name, "is another in its own header") }
    return start..<start + entry.packedSize
  }

  /// The bytes of an entry: lent from the file, or unpacked and checked against their checksum.
  ///
  /// - Parameter limit: the size above which the entry is refused.
  func content(of name: String, limit: Int) throws(GraftError) -> ByteSource {
    guard let entry = entries[name] else { throw .zipEntryMissing(file, name: name) }
    guard entry.size <= limit else {
      throw .entryTooLarge(file, name: name, size: entry.size, limit: limit)
    }
    let place = try place(of: entry)
    guard try method(of: entry) == .deflated else { return part(place) }
    return .memory(try unpacked(entry, place))
  }

  /// The method of an entry, its sizes checked for it.
  func method(of entry: ZipEntry) throws(GraftError) -> ZipEntry.Method {
    guard let method = ZipEntry.Method(rawValue: entry.method) else {
      throw .zipEntry(
        file, name: entry.name, "is packed by method \(entry.method); 0 and 8 are known")
    }
    switch method {
    case .stored:
      guard entry.size == entry.packedSize else {
        throw .zipEntry(
          file, name: entry.name,
          "is stored, and yet has two sizes: \(entry.packedSize) and "
            + "\(entry.size) bytes")
      }
    case .deflated:
      let (most, overflow) = entry.packedSize.multipliedReportingOverflow(by: Self.ratioLimit)
      guard overflow || entry.size <= max(most, Self.smallSize) else {
        throw .zipBomb(
          file, name: entry.name, packed: entry.packedSize, unpacked: entry.size)
      }
    }
    return method
  }

  /// The bytes of a deflated entry whose method has been checked.
  func unpacked(_ entry: ZipEntry, _ place: Range<Int>) throws(GraftError) -> [UInt8] {
    guard let bytes = inflate(part(place), size: entry.size) else {
      throw .zipEntry(
        file, name: entry.name, "does not unpack to the \(entry.size) bytes that it should")
    }
    guard checksum(bytes) == entry.checksum else {
      throw .zipEntry(file, name: entry.name, "does not have the checksum that it should")
    }
    return bytes
  }

  func part(_ range: Range<Int>) -> ByteSource {
    switch source {
    case .file(let file, let whole):
      .file(file, whole.lowerBound + range.lowerBound..<whole.lowerBound + range.upperBound)
    case .memory(let bytes): .memory(Array(bytes[range]))
    }
  }
}

extension ZipArchive {
  /// Reads one entry of the directory; returns where the next begins.
  private static func entry(
    _ source: ByteSource, at start: Int, _ end: Int, _ file: String
  ) throws(GraftError) -> (ZipEntry, Int) {
    guard start <= end - 46, source.integer(UInt32.self, at: start) == 0x0201_4B50 else {
      throw .zipInvalid(file, "the zip directory has fewer entries than its end says")
    }
    func short(_ offset: Int) -> Int { Int(source.integer(UInt16.self, at: start + offset)) }
    func word(_ offset: Int) -> UInt32 { source.integer(UInt32.self, at: start + offset) }
    let nameEnd = start + 46 + short(28)
    let next = nameEnd + short(30) + short(32)
    guard next <= end else { throw .zipInvalid(file, "an entry leaves the zip directory") }
    let bytes = source.bytes(start + 46..<nameEnd)
    guard let name = String(validating: bytes, as: UTF8.self) else {
      throw .zipInvalid(file, "the name of an entry is not UTF-8")
    }
    guard isSafe(name) else { throw .zipUnsafeName(file, name: name) }
    var wide = ZipWideFields(source, in: nameEnd..<nameEnd + short(30))
    guard let size = wide.value(word(24)), let packed = wide.value(word(20)),
      let position = wide.value(word(42))
    else { throw .zipEntry(file, name: name, "lacks its sizes of more than 32 bits") }
    let entry = ZipEntry(
      name: name, method: UInt16(short(10)), isEncrypted: short(8) & 1 != 0, checksum: word(16),
      packedSize: packed, size: size, position: position)
    return (entry, next)
  }

  private static func isSafe(_ name: String) -> Bool {
    !name.isEmpty && !name.hasPrefix("/") && !name.contains("\\") && !name.contains("\0")
      && !name.split(separator: "/").contains("..")
  }
}

/// The sizes of more than 32 bits that an entry's extra field holds, in the order of the format.
private struct ZipWideFields {
  private let source: ByteSource
  private var place: Range<Int>

  init(_ source: ByteSource, in extra: Range<Int>) {
    self.source = source
    var start = extra.lowerBound
    place = start..<start
    while start <= extra.upperBound - 4 {
      let end = start + 4 + Int(source.integer(UInt16.self, at: start + 2))
      guard end <= extra.upperBound else { return }
      if source.integer(UInt16.self, at: start) == 1 {
        place = start + 4..<end
        return
      }
      start = end
    }
  }

  /// The value of a field, or nil if it should be here and is not.
  mutating func value(_ field: UInt32) -> Int? {
    guard field == .max else { return Int(field) }
    guard place.count >= 8 else { return nil }
    defer { place = place.lowerBound + 8..<place.upperBound }
    return Int(exactly: source.integer(UInt64.self, at: place.lowerBound))
  }
}
