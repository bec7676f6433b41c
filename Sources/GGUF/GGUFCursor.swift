import Diagnostics
import FileIO

/// Reads a GGUF header from front to back; every step is checked against the end of the file.
struct GGUFCursor {
  /// Metadata may hold this many array elements in all: many times the largest vocabulary.
  static let elementLimit = 1 << 24
  private static let depthLimit = 8

  let file: MappedFile
  private(set) var position = 0
  private var elementCount = 0

  init(_ file: MappedFile) { self.file = file }

  /// The bytes from here to the end of the file.
  var remaining: Int { file.byteCount - position }

  mutating func integer<T: FixedWidthInteger & BitwiseCopyable>(
    _ type: T.Type, _ what: String
  ) throws(GraftError) -> T {
    let start = try advance(by: MemoryLayout<T>.size, what)
    return unsafe file.withBytes(start..<position) {
      unsafe T(littleEndian: $0.loadUnaligned(as: T.self))
    }
  }

  /// A number of things of at least `byteCount` bytes each, which must fit in the file.
  mutating func count(of byteCount: Int, _ what: String) throws(GraftError) -> Int {
    let count = try integer(UInt64.self, what)
    guard let value = Int(exactly: count), value <= remaining / byteCount else {
      throw .countPastEnd(file.path, what: what, count: count, remaining: remaining)
    }
    return value
  }

  mutating func string(_ what: String) throws(GraftError) -> String {
    let length = try count(of: 1, "the length of \(what)")
    let start = try advance(by: length, what)
    let text = unsafe file.withBytes(start..<position) {
      unsafe String(validating: $0, as: UTF8.self)
    }
    guard let text else { throw .stringNotUTF8(file.path, what: what, position: start) }
    return text
  }

  mutating func value(_ key: String) throws(GraftError) -> GGUFValue {
    try value(ofType: integer(UInt32.self, "the type of '\(key)'"), key, depth: 0)
  }

  private mutating func value(
    ofType type: UInt32, _ key: String, depth: Int
  ) throws(GraftError) -> GGUFValue {
    switch type {
    case 0: return .uint8(try integer(UInt8.self, key))
    case 1: return .int8(try integer(Int8.self, key))
    case 2: return .uint16(try integer(UInt16.self, key))
    case 3: return .int16(try integer(Int16.self, key))
    case 4: return .uint32(try integer(UInt32.self, key))
    case 5: return .int32(try integer(Int32.self, key))
    case 6: return .float32(Float(bitPattern: try integer(UInt32.self, key)))
    case 7: return .bool(try integer(UInt8.self, key) != 0)
    case 8: return .string(try string("'\(key)'"))
    case 9: return try array(key, depth: depth)
    case 10: return .uint64(try integer(UInt64.self, key))
    case 11: return .int64(try integer(Int64.self, key))
    case 12: return .float64(Double(bitPattern: try integer(UInt64.self, key)))
    default: throw .unknownValueType(file.path, key: key, type: type)
    }
  }

  private mutating func array(_ key: String, depth: Int) throws(GraftError) -> GGUFValue {
    guard depth < Self.depthLimit else { throw .arraysTooDeep(file.path, key: key) }
    let type = try integer(UInt32.self, "the element type of '\(key)'")
    guard let size = Self.minimumSize(ofType: type) else {
      throw .unknownValueType(file.path, key: key, type: type)
    }
    let count = try count(of: size, "the array '\(key)'")
    guard count <= Self.elementLimit - elementCount else {
      throw .tooManyElements(file.path, key: key, limit: Self.elementLimit)
    }
    elementCount += count
    var elements: [GGUFValue] = []
    elements.reserveCapacity(count)
    for _ in 0..<count { elements.append(try value(ofType: type, key, depth: depth + 1)) }
    return .array(elements)
  }

  private static func minimumSize(ofType type: UInt32) -> Int? {
    switch type {
    case 0, 1, 7: 1
    case 2, 3: 2
    case 4, 5, 6: 4
    case 8, 10, 11, 12: 8
    case 9: 12
    default: nil
    }
  }

  private mutating func advance(by count: Int, _ what: String) throws(GraftError) -> Int {
    guard count <= remaining else {
      throw .headerCutShort(file.path, what: what, size: file.byteCount)
    }
    defer { position += count }
    return position
  }
}
