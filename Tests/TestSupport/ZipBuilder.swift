/// Makes the bytes of a zip archive, right or wrong, for tests.
public struct ZipBuilder {
  /// One entry; what is nil is told truly.
  public struct Entry {
    /// The name in both headers.
    public var name: String
    /// The bytes as they lie in the archive.
    public var bytes: [UInt8]
    /// The name in the entry's own header.
    public var localName: String?
    /// 0 is stored, 8 deflated.
    public var method: UInt16 = 0
    /// Bit 0: encrypted.
    public var flags: UInt16 = 0
    /// The size to claim once it is unpacked.
    public var size: Int?
    /// The packed size to claim.
    public var packedSize: Int?
    /// The checksum to claim.
    public var checksum: UInt32?
    /// Where to claim that the entry's own header stands.
    public var position: Int?

    /// A stored entry.
    public init(_ name: String, _ bytes: [UInt8]) {
      self.name = name
      self.bytes = bytes
    }
  }

  /// The entries.
  public var entries: [Entry] = []
  /// The count to claim at the end.
  public var claimedCount: Int?
  /// The size of the directory to claim at the end.
  public var claimedDirectorySize: Int?
  /// Where to claim at the end that the directory begins.
  public var claimedDirectoryStart: Int?
  /// What stands behind the archive as its comment.
  public var comment: [UInt8] = []

  /// An archive of stored entries.
  public init(_ entries: [(String, [UInt8])] = []) {
    self.entries = entries.map { Entry($0.0, $0.1) }
  }

  /// What torch.save would write: a pickle, and storages by key.
  public init(pickle: [UInt8], storages: [(String, [UInt8])] = []) {
    self.init(
      [("archive/data.pkl", pickle), ("archive/byteorder", Array("little".utf8))]
        + storages.map { ("archive/data/\($0.0)", $0.1) })
  }

  /// The file.
  public func bytes() -> [UInt8] {
    var out: [UInt8] = []
    var directory: [UInt8] = []
    for entry in entries {
      let start = out.count
      let facts =
        Self.little(UInt16(20)) + Self.little(entry.flags) + Self.little(entry.method)
        + [0, 0, 0, 0] + Self.little(entry.checksum ?? Self.checksum(entry.bytes))
        + Self.little(UInt32(entry.packedSize ?? entry.bytes.count))
        + Self.little(UInt32(entry.size ?? entry.bytes.count))
      let local = Array((entry.localName ?? entry.name).utf8)
      out += Self.little(UInt32(0x0403_4B50)) + facts
      out += Self.little(UInt16(local.count)) + [0, 0] + local + entry.bytes
      directory += Self.little(UInt32(0x0201_4B50)) + [20, 0] + facts
      directory += Self.little(UInt16(entry.name.utf8.count)) + [UInt8](repeating: 0, count: 12)
      directory += Self.little(UInt32(entry.position ?? start)) + entry.name.utf8
    }
    let count = Self.little(UInt16(claimedCount ?? entries.count))
    let end =
      Self.little(UInt32(0x0605_4B50)) + [0, 0, 0, 0] + count + count
      + Self.little(UInt32(claimedDirectorySize ?? directory.count))
      + Self.little(UInt32(claimedDirectoryStart ?? out.count))
    return out + directory + end + Self.little(UInt16(comment.count)) + comment
  }

  /// The CRC-32 of bytes.
  public static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var sum = UInt32.max
    for byte in bytes {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum & 1 == 0 ? sum >> 1 : sum >> 1 ^ 0xEDB8_8320 }
    }
    return ~sum
  }

  private static func little<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
    GGUFBuilder.little(value)
  }
}
