import Diagnostics
import TensorCore

/// The bytes of a GGUF header, from front to back.
struct GGUFHeaderBytes {
  private static let depthLimit = 8

  private(set) var bytes: [UInt8] = []
  private let path: String

  init(_ path: String) { self.path = path }

  mutating func integer<T: FixedWidthInteger>(_ value: T) {
    for shift in stride(from: 0, to: T.bitWidth, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> T(shift)))
    }
  }

  mutating func string(_ text: String) {
    integer(UInt64(text.utf8.count))
    bytes += text.utf8
  }

  /// A value, behind the number of its type.
  mutating func value(_ value: GGUFValue, key: String) throws(GraftError) {
    integer(value.typeNumber)
    try content(value, key: key, depth: 0)
  }

  mutating func tensor(_ spec: TensorSpec, offset: Int) throws(GraftError) {
    func refused(_ what: String) -> GraftError {
      .unwritableTensor(path, tensor: spec.name, what)
    }
    guard spec.name.utf8.count <= GGUFWriter.nameLimit else {
      throw refused("has a name of more than \(GGUFWriter.nameLimit) bytes")
    }
    guard let type = GGMLType(plain: spec.dtype) else {
      throw refused("is \(spec.dtype.rawValue), which GGUF files do not hold")
    }
    guard spec.shape.count <= 4 else {
      throw refused("has \(spec.shape.count) axes; GGUF files hold up to 4")
    }
    guard TensorSpec.checkedByteCount(dtype: spec.dtype, shape: spec.shape) != nil else {
      throw refused("\(spec.shape) has no size below 2^63 bytes")
    }
    string(spec.name)
    let extents = spec.shape.isEmpty ? [1] : spec.shape
    integer(UInt32(extents.count))
    for extent in extents.reversed() { integer(UInt64(extent)) }
    integer(type.rawValue)
    integer(UInt64(offset))
  }

  mutating func pad(to alignment: Int) {
    bytes += repeatElement(0, count: (alignment - bytes.count % alignment) % alignment)
  }

  private mutating func content(
    _ value: GGUFValue, key: String, depth: Int
  ) throws(GraftError) {
    switch value {
    case .uint8(let value): integer(value)
    case .int8(let value): integer(value)
    case .uint16(let value): integer(value)
    case .int16(let value): integer(value)
    case .uint32(let value): integer(value)
    case .int32(let value): integer(value)
    case .float32(let value): integer(value.bitPattern)
    case .bool(let value): bytes.append(value ? 1 : 0)
    case .string(let value): string(value)
    case .uint64(let value): integer(value)
    case .int64(let value): integer(value)
    case .float64(let value): integer(value.bitPattern)
    case .array(let elements):
      guard depth < Self.depthLimit else {
        throw .unwritableKey(path, key: key, "nests arrays too deeply")
      }
      // Nothing says what an empty array is of; readers take any type.
      let type = elements.first?.typeNumber ?? GGUFValue.int32(0).typeNumber
      integer(type)
      integer(UInt64(elements.count))
      for element in elements {
        guard element.typeNumber == type else {
          throw .unwritableKey(path, key: key, "is an array of different types")
        }
        try content(element, key: key, depth: depth + 1)
      }
    }
  }
}

extension GGUFValue {
  /// The number that stands for the type in a file.
  fileprivate var typeNumber: UInt32 {
    switch self {
    case .uint8: 0
    case .int8: 1
    case .uint16: 2
    case .int16: 3
    case .uint32: 4
    case .int32: 5
    case .float32: 6
    case .bool: 7
    case .string: 8
    case .array: 9
    case .uint64: 10
    case .int64: 11
    case .float64: 12
    }
  }
}

extension GGMLType {
  /// The type that stores these numbers as they are, or nil where there is none.
  init?(plain dtype: DType) {
    switch dtype {
    case .f32: self.init(rawValue: 0)
    case .f16: self.init(rawValue: 1)
    case .i8: self.init(rawValue: 24)
    case .i16: self.init(rawValue: 25)
    case .i32: self.init(rawValue: 26)
    case .i64: self.init(rawValue: 27)
    case .f64: self.init(rawValue: 28)
    case .bf16: self.init(rawValue: 30)
    default: return nil
    }
  }
}
