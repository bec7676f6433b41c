/// The 256 characters that stand for bytes in the vocabularies of byte-level models.
///
/// Printable characters of Latin-1 stand for their own code; the other bytes, in order, are the
/// characters from U+0100 on.
enum ByteAlphabet {
  /// The code point of each byte.
  static let scalars: [UInt32] = {
    var next: UInt32 = 0x100
    return (0...255).map { (byte: UInt32) in
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return byte
      default:
        defer { next += 1 }
        return next
      }
    }
  }()

  /// The byte of each code point below 0x144, or -1.
  private static let bytes: [Int16] = {
    var bytes = [Int16](repeating: -1, count: 0x144)
    for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar)] = Int16(byte) }
    return bytes
  }()

  /// Appends, as UTF-8, the character that stands for `byte`.
  static func append(_ byte: UInt8, to text: inout [UInt8]) {
    let scalar = scalars[Int(byte)]
    if scalar < 0x80 {
      text.append(UInt8(scalar))
    } else {
      text.append(UInt8(0xC0 | scalar >> 6))
      text.append(UInt8(0x80 | scalar & 0x3F))
    }
  }

  /// The bytes that the characters of `token` stand for, or nil if one stands for none.
  static func bytes(of token: some Sequence<UInt8>) -> [UInt8]? {
    var out: [UInt8] = []
    var lead: UInt8?
    for byte in token {
      let scalar: Int
      if let first = lead {
        scalar = Int(first & 0x1F) << 6 | Int(byte & 0x3F)
        lead = nil
      } else if byte < 0x80 {
        scalar = Int(byte)
      } else if byte < 0xE0 {
        lead = byte
        continue
      } else {
        return nil
      }
      guard scalar < bytes.count, bytes[scalar] >= 0 else { return nil }
      out.append(UInt8(bytes[scalar]))
    }
    return out
  }
}
