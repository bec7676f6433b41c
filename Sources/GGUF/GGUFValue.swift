/// A value of a GGUF file's metadata, in the type that the file gives it.
public enum GGUFValue: Sendable, Hashable {
  case uint8(UInt8)
  case int8(Int8)
  case uint16(UInt16)
  case int16(Int16)
  case uint32(UInt32)
  case int32(Int32)
  case float32(Float)
  case bool(Bool)
  case string(String)
  case array([GGUFValue])
  case uint64(UInt64)
  case int64(Int64)
  case float64(Double)
}

extension GGUFValue {
  /// The integer, if this is one and fits.
  public var int: Int? {
    switch self {
    case .uint8(let value): Int(value)
    case .int8(let value): Int(value)
    case .uint16(let value): Int(value)
    case .int16(let value): Int(value)
    case .uint32(let value): Int(value)
    case .int32(let value): Int(value)
    case .uint64(let value): Int(exactly: value)
    case .int64(let value): Int(value)
    case .float32, .float64, .bool, .string, .array: nil
    }
  }

  /// The number as a double. A float32 becomes the double of its shortest decimal notation, so
  /// that `1e-05` stays `1e-05`.
  public var double: Double? {
    switch self {
    case .float64(let value): value
    case .float32(let value): Double(value.description)
    default: int.map(Double.init)
    }
  }

  /// The truth value, if this is one.
  public var bool: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  /// The string, if this is one.
  public var string: String? {
    if case .string(let value) = self { value } else { nil }
  }

  /// The elements, if this is an array.
  public var array: [GGUFValue]? {
    if case .array(let value) = self { value } else { nil }
  }

  /// The elements, if this is an array of strings.
  public var strings: [String]? { array.flatMap { Self.all($0, \.string) } }

  /// The elements, if this is an array of integers.
  public var ints: [Int]? { array.flatMap { Self.all($0, \.int) } }

  private static func all<T>(_ values: [GGUFValue], _ part: (GGUFValue) -> T?) -> [T]? {
    let parts = values.compactMap(part)
    return parts.count == values.count ? parts : nil
  }

  /// What kind of value this is, in words for an error message.
  public var kindName: String {
    switch self {
    case .string: "a string"
    case .bool: "a truth value"
    case .array: "an array"
    case .float32, .float64: "a real number"
    default: "an integer"
    }
  }
}
