/// Small whole numbers, most of them 0, as bytes: how many zeros come next, then the number after
/// them, and so on; each as a little-endian base-128 number, the latter with its sign in the
/// lowest bit.
struct ResidueCode {
  private(set) var bytes: [UInt8] = []
  private var zeros: UInt64 = 0

  init() {}

  /// Appends a number.
  mutating func append(_ value: Int) {
    guard value != 0 else {
      zeros += 1
      return
    }
    write(zeros)
    zeros = 0
    write(UInt64(bitPattern: Int64(value) << 1 ^ Int64(value) >> 63))
  }

  /// Ends the numbers.
  mutating func finish() {
    if zeros > 0 { write(zeros) }
    zeros = 0
  }

  private mutating func write(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  /// The numbers that bytes stand for, or nil where they are not `count` numbers to the last byte.
  static func numbers(_ bytes: ArraySlice<UInt8>, count: Int) -> [Int]? {
    var out: [Int] = []
    out.reserveCapacity(count)
    var rest = bytes
    while let run = read(&rest) {
      guard run <= UInt64(count - out.count) else { return nil }
      out.append(contentsOf: repeatElement(0, count: Int(run)))
      if out.count == count { break }
      guard let code = read(&rest) else { return nil }
      out.append(Int(truncatingIfNeeded: Int64(bitPattern: code >> 1) ^ -Int64(code & 1)))
    }
    return out.count == count && rest.isEmpty ? out : nil
  }

  private static func read(_ bytes: inout ArraySlice<UInt8>) -> UInt64? {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while let byte = bytes.popFirst() {
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
      guard shift < 63 else { return nil }
    }
    return nil
  }
}
