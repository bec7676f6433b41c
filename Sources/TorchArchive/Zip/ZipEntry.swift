/// One entry of a zip archive, as the directory at the archive's end describes it.
struct ZipEntry: Sendable {
  enum Method: UInt16, Sendable {
    case stored = 0
    case deflated = 8
  }

  var name: String
  /// The method's number in the file.
  var method: UInt16
  var isEncrypted: Bool
  var checksum: UInt32
  var packedSize: Int
  var size: Int
  /// Where its own header stands.
  var position: Int
}
