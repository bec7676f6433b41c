/// Walks through JSON text without building values: fast enough for the long lists of a tokenizer.
///
/// Refuses what it cannot walk through by returning nil or false; the strict parser then says why.
struct JSONCursor {
  let bytes: [UInt8]
  var position: Int
  let end: Int

  init(_ bytes: [UInt8], _ range: Range<Int>) {
    self.bytes = bytes
    position = range.lowerBound
    end = range.upperBound
  }

  /// The next byte that is no white space, without passing it.
  mutating func peek() -> UInt8? {
    while position < end {
      switch bytes[position] {
      case 0x20, 0x09, 0x0A, 0x0D: position += 1
      default: return bytes[position]
      }
    }
    return nil
  }

  /// Passes `byte`, if it comes next.
  mutating func take(_ byte: Unicode.Scalar) -> Bool {
    guard peek() == UInt8(ascii: byte) else { return false }
    position += 1
    return true
  }

  /// Whether nothing but white space is left.
  mutating func isAtEnd() -> Bool { peek() == nil }

  /// Reads a string into `text`, escapes resolved.
  mutating func takeString(into text: inout [UInt8]) -> Bool {
    guard take("\"") else { return false }
    text.removeAll(keepingCapacity: true)
    while position < end {
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return true
      case UInt8(ascii: "\\"): guard takeEscape(into: &text) else { return false }
      case 0..<0x20: return false
      default: text.append(byte)
      }
    }
    return false
  }

  private mutating func takeEscape(into text: inout [UInt8]) -> Bool {
    guard position < end else { return false }
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      guard var code = takeHex4() else { return false }
      if (0xD800..<0xDC00).contains(code) {
        guard position + 2 <= end, bytes[position] == UInt8(ascii: "\\"),
          bytes[position + 1] == UInt8(ascii: "u")
        else { return false }
        position += 2
        guard let low = takeHex4(), (0xDC00..<0xE000).contains(low) else { return false }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { return false }
      text.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
    default: return false
    }
    return true
  }

  private mutating func takeHex4() -> UInt32? {
    guard position + 4 <= end else { return nil }
    var code: UInt32 = 0
    for _ in 0..<4 {
      let byte = bytes[position]
      position += 1
      switch byte {
      case 0x30...0x39: code = code << 4 | UInt32(byte - 0x30)
      case 0x41...0x46: code = code << 4 | UInt32(byte - 0x37)
      case 0x61...0x66: code = code << 4 | UInt32(byte - 0x57)
      default: return nil
      }
    }
    return code
  }

  /// Reads the characters of a number.
  mutating func takeNumber() -> ArraySlice<UInt8>? {
    guard peek() != nil else { return nil }
    let start = position
    while position < end {
      switch bytes[position] {
      case 0x30...0x39, UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
        UInt8(ascii: "e"), UInt8(ascii: "E"):
        position += 1
        continue
      default: break
      }
      break
    }
    return position > start ? bytes[start..<position] : nil
  }

  /// Passes a value of any kind, checking only that brackets and strings close.
  mutating func skipValue() -> Bool {
    guard let first = peek() else { return false }
    switch first {
    case UInt8(ascii: "\""): return skipString()
    case UInt8(ascii: "{"), UInt8(ascii: "["): return skipNested()
    default:
      let start = position
      while position < end {
        switch bytes[position] {
        case UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"), 0x20, 0x09, 0x0A, 0x0D:
          return position > start
        default: position += 1
        }
      }
      return position > start
    }
  }

  private mutating func skipString() -> Bool {
    position += 1
    while position < end {
      let byte = bytes[position]
      position += byte == UInt8(ascii: "\\") ? 2 : 1
      if byte == UInt8(ascii: "\"") { return true }
    }
    return false
  }

  private mutating func skipNested() -> Bool {
    var depth = 0
    while position < end {
      switch bytes[position] {
      case UInt8(ascii: "\""):
        guard skipString() else { return false }
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      default: break
      }
      position += 1
      if depth == 0 { return true }
    }
    return false
  }

  /// Walks through an object: `visit` gets each key and must pass its value.
  mutating func walkObject(_ visit: (inout JSONCursor, [UInt8]) -> Bool) -> Bool {
    guard take("{") else { return false }
    if take("}") { return true }
    var key: [UInt8] = []
    repeat {
      guard takeString(into: &key), take(":"), visit(&self, key) else { return false }
    } while take(",")
    return take("}")
  }

  /// Walks through a list: `visit` must pass each element.
  mutating func walkArray(_ visit: (inout JSONCursor) -> Bool) -> Bool {
    guard take("[") else { return false }
    if take("]") { return true }
    repeat {
      guard visit(&self) else { return false }
    } while take(",")
    return take("]")
  }
}
