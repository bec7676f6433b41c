import TestSupport

/// Pickles written by hand, operation by operation.
enum Pickles {
  static func global(_ module: String, _ name: String) -> [UInt8] {
    Array("c\(module)\n\(name)\n".utf8)
  }

  static func text(_ text: String) -> [UInt8] {
    [0x58] + GGUFBuilder.little(UInt32(text.utf8.count)) + text.utf8
  }

  static func int(_ value: Int32) -> [UInt8] { [0x4A] + GGUFBuilder.little(value) }

  static func long(_ value: Int) -> [UInt8] { [0x8A, 8] + GGUFBuilder.little(Int64(value)) }

  static func tuple(_ parts: [[UInt8]]) -> [UInt8] { [0x28] + parts.joined() + [0x74] }

  static func storage(
    _ type: String = "FloatStorage", key: String = "0", count: Int = 6
  ) -> [UInt8] {
    tuple([text("storage"), global("torch", type), text(key), text("cpu"), long(count)]) + [0x51]
  }

  static func tensor(
    _ storage: [UInt8], offset: Int = 0, shape: [Int], strides: [Int]
  ) -> [UInt8] {
    global("torch._utils", "_rebuild_tensor_v2")
      + tuple([
        storage, long(offset), tuple(shape.map(long)), tuple(strides.map(long)), [0x89], [0x4E],
      ]) + [0x52]
  }

  /// A dictionary of one entry.
  static func entry(_ value: [UInt8], name: String = "w") -> [UInt8] {
    [0x80, 2, 0x7D] + text(name) + value + [0x73, 0x2E]
  }
}
