import Diagnostics

/// Operations that push one number or string.
extension PickleInterpreter {
  mutating func scalar(_ opcode: PickleOpcode) throws(GraftError) -> PickleNode {
    switch opcode {
    case .none: return .none
    case .newTrue: return .bool(true)
    case .newFalse: return .bool(false)
    case .binInt: return .int(Int(try cursor.integer(Int32.self)))
    case .binInt1: return .int(Int(try cursor.integer(UInt8.self)))
    case .binInt2: return .int(Int(try cursor.integer(UInt16.self)))
    case .long1: return integer(try cursor.bytes(Int(cursor.integer(UInt8.self))))
    case .long4: return integer(try cursor.bytes(Int(cursor.integer(Int32.self))))
    case .integer, .long: return try decimalNode(cursor.line())
    case .binFloat: return .double(try cursor.double())
    case .float:
      let text = try cursor.line()
      guard let value = Double(text) else { throw invalid("'\(text.prefix(20))' for a number") }
      return .double(value)
    case .string: return .string(try quoted(cursor.line()))
    case .unicode: return .string(try unescaped(cursor.line()))
    case .binString: return text(try cursor.bytes(Int(cursor.integer(Int32.self))))
    case .shortBinString: return text(try cursor.bytes(Int(cursor.integer(UInt8.self))))
    case .binUnicode: return .string(try cursor.string(Int(cursor.integer(UInt32.self))))
    case .shortBinUnicode: return .string(try cursor.string(Int(cursor.integer(UInt8.self))))
    case .binUnicode8: return .string(try cursor.string(cursor.length64()))
    case .binBytes: return .bytes(try cursor.bytes(Int(cursor.integer(UInt32.self))))
    case .shortBinBytes: return .bytes(try cursor.bytes(Int(cursor.integer(UInt8.self))))
    case .binBytes8, .byteArray8: return .bytes(try cursor.bytes(cursor.length64()))
    default: throw invalid("the operation \(opcode) out of place")
    }
  }

  /// A little-endian two's complement integer of any length.
  private func integer(_ bytes: [UInt8]) -> PickleNode {
    guard bytes.count <= 8 else { return .wideInteger(bytes) }
    var value: UInt64 = bytes.last.map { $0 >= 0x80 ? .max : 0 } ?? 0
    for byte in bytes.reversed() { value = value << 8 | UInt64(byte) }
    return .int(Int(truncatingIfNeeded: value))
  }

  private func decimalNode(_ line: String) throws(GraftError) -> PickleNode {
    if line == "00" { return .bool(false) }
    if line == "01" { return .bool(true) }
    let digits = line.hasSuffix("L") ? String(line.dropLast()) : line
    guard let value = Int(digits) else { throw invalid("'\(line.prefix(20))' for an integer") }
    return .int(value)
  }

  /// Python 2's strings, which hold text or bytes.
  private func text(_ bytes: [UInt8]) -> PickleNode {
    String(validating: bytes, as: UTF8.self).map { .string($0) } ?? .bytes(bytes)
  }

  private func quoted(_ line: String) throws(GraftError) -> String {
    guard line.utf8.count >= 2, let quote = line.first, "'\"".contains(quote), line.last == quote,
      !line.contains("\\")
    else { throw invalid("a string without plain quotes") }
    return String(line.dropFirst().dropLast())
  }

  /// Python's raw-unicode-escape: `\uXXXX` and `\UXXXXXXXX`, other bytes as they are.
  private func unescaped(_ line: String) throws(GraftError) -> String {
    guard line.contains("\\") else { return line }
    var text = String.UnicodeScalarView()
    var rest = line.unicodeScalars[...]
    while let scalar = rest.popFirst() {
      let width = scalar == "\\" ? (rest.first == "u" ? 4 : rest.first == "U" ? 8 : 0) : 0
      guard width > 0 else {
        text.append(scalar)
        continue
      }
      let digits = rest.dropFirst().prefix(width)
      guard digits.count == width, let value = UInt32(String(digits), radix: 16),
        let escaped = Unicode.Scalar(value)
      else { throw invalid("a broken escape in a string") }
      text.append(escaped)
      rest = rest.dropFirst(1 + width)
    }
    return String(text)
  }
}
