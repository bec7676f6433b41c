/// Makes the bytes of a GGUF file, right or wrong, for tests.
public struct GGUFBuilder {
  /// One tensor: name, extents innermost first, type number, bytes.
  public typealias Tensor = (name: String, extents: [UInt64], type: UInt32, bytes: [UInt8])

  /// The letters that the file begins with.
  public var magic = Array("GGUF".utf8)
  /// The format's version.
  public var version: UInt32 = 3
  /// The count of tensors to claim, or nil for the true one.
  public var claimedTensorCount: UInt64?
  /// The count of keys to claim, or nil for the true one.
  public var claimedKeyCount: UInt64?
  /// The alignment of the data.
  public var alignment = 32
  /// Offsets to claim for tensors, by name.
  public var claimedOffsets: [String: UInt64] = [:]
  private var keyBytes: [UInt8] = []
  private var keyCount: UInt64 = 0
  /// The tensors.
  public var tensors: [Tensor] = []

  /// A builder without keys and tensors.
  public init() {}

  /// A value of the metadata.
  public enum Value {
    case u32(UInt32)
    case f32(Float)
    case bool(Bool)
    case string(String)
    case strings([String])
    case i32s([Int32])
    case f32s([Float])
    /// A type number and the bytes that follow it.
    case raw(UInt32, [UInt8])
  }

  /// Appends a key.
  public mutating func add(_ key: String, _ value: Value) {
    keyCount += 1
    keyBytes += Self.string(key)
    switch value {
    case .u32(let value): keyBytes += Self.little(UInt32(4)) + Self.little(value)
    case .f32(let value): keyBytes += Self.little(UInt32(6)) + Self.little(value.bitPattern)
    case .bool(let value): keyBytes += Self.little(UInt32(7)) + [value ? 1 : 0]
    case .string(let value): keyBytes += Self.little(UInt32(8)) + Self.string(value)
    case .strings(let values): keyBytes += Self.array(8, values.map(Self.string))
    case .i32s(let values): keyBytes += Self.array(5, values.map(Self.little))
    case .f32s(let values): keyBytes += Self.array(6, values.map { Self.little($0.bitPattern) })
    case .raw(let type, let bytes): keyBytes += Self.little(type) + bytes
    }
  }

  /// Appends a tensor; `shape` is outermost first.
  public mutating func add(_ name: String, shape: [Int], type: UInt32, bytes: [UInt8]) {
    tensors.append((name, shape.reversed().map { UInt64($0) }, type, bytes))
  }

  /// The file.
  public func bytes() -> [UInt8] {
    var out = magic + Self.little(version)
    out += Self.little(claimedTensorCount ?? UInt64(tensors.count))
    out += Self.little(claimedKeyCount ?? keyCount) + keyBytes
    var data: [UInt8] = []
    for tensor in tensors {
      out += Self.string(tensor.name) + Self.little(UInt32(tensor.extents.count))
      for extent in tensor.extents { out += Self.little(extent) }
      out += Self.little(tensor.type)
      out += Self.little(claimedOffsets[tensor.name] ?? UInt64(data.count))
      data += tensor.bytes
      data += [UInt8](repeating: 0, count: padding(data.count))
    }
    return tensors.isEmpty
      ? out : out + [UInt8](repeating: 0, count: padding(out.count)) + data
  }

  private func padding(_ count: Int) -> Int { (alignment - count % alignment) % alignment }

  /// The bytes of an integer, the lowest first.
  public static func little<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
    (0..<T.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
  }

  /// A string as GGUF stores it.
  public static func string(_ text: String) -> [UInt8] {
    little(UInt64(text.utf8.count)) + text.utf8
  }

  private static func array(_ type: UInt32, _ elements: [[UInt8]]) -> [UInt8] {
    little(UInt32(9)) + little(type) + little(UInt64(elements.count)) + elements.joined()
  }
}
