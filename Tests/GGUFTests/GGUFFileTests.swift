import Diagnostics
import FileIO
import GGUF
import TensorCore
import TestSupport
import Testing

@Suite("Reading GGUF")
struct GGUFFileTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  static func sample() -> GGUFBuilder {
    var builder = GGUFBuilder()
    builder.add("general.architecture", .string("llama"))
    builder.add("a.float", .f32(9.999_999_7e-06))
    builder.add("a.bool", .bool(true))
    builder.add("a.strings", .strings(["x", "", "ü"]))
    builder.add("a.ints", .i32s([-1, 2]))
    builder.add("w", shape: [2, 3], type: 0, bytes: [UInt8](repeating: 1, count: 24))
    builder.add("v", shape: [32], type: 8, bytes: [UInt8](repeating: 2, count: 34))
    return builder
  }

  func open(_ builder: GGUFBuilder) throws -> GGUFFile {
    try GGUFFile(directory.write(builder.bytes(), to: "\(UInt64.random(in: 0 ... .max)).gguf"))
  }

  @Test("Metadata and tensors are read", arguments: [2, 3] as [UInt32])
  func reads(_ version: UInt32) throws {
    var builder = Self.sample()
    builder.version = version
    let file = try open(builder)
    #expect(file.version == Int(version))
    #expect(
      file.keys == ["general.architecture", "a.float", "a.bool", "a.strings", "a.ints"])
    #expect(try file.string("general.architecture") == "llama")
    #expect(try file.double("a.float") == 1e-05)
    #expect(file.metadata["a.bool"] == .bool(true))
    #expect(try file.strings("a.strings") == ["x", "", "ü"])
    #expect(try file.ints("a.ints") == [-1, 2])
    #expect(file.tensors.map(\.name) == ["w", "v"])
    #expect(file["w"]?.shape == [2, 3])
    #expect(file["w"]?.type == .f32)
    #expect(file["v"]?.type.description == "Q8_0")
    let start = try #require(file["w"]?.byteRange.lowerBound)
    #expect(start % 32 == 0)
    #expect(file["v"]?.byteRange == start + 32..<start + 66)
    #expect(throws: GraftError.self) { try file.int("a.none") }
    #expect(throws: GraftError.self) { try file.int("a.strings") }
  }

  @Test("All value types are read")
  func readsAllTypes() throws {
    var builder = GGUFBuilder()
    let little = GGUFBuilder.little as (UInt64) -> [UInt8]
    builder.add("u8", .raw(0, [200]))
    builder.add("i8", .raw(1, [200]))
    builder.add("u16", .raw(2, [1, 2]))
    builder.add("i16", .raw(3, [255, 255]))
    builder.add("i32", .raw(5, [254, 255, 255, 255]))
    builder.add("u64", .raw(10, little(.max)))
    builder.add("i64", .raw(11, little(.max)))
    builder.add("f64", .raw(12, little((0.1).bitPattern)))
    builder.add("empty", .strings([]))
    builder.add(
      "nested",
      .raw(9, [9, 0, 0, 0] + little(1) + [0, 0, 0, 0] + little(2) + [7, 8]))
    let file = try open(builder)
    #expect(file.metadata["u8"] == .uint8(200))
    #expect(file.metadata["i8"] == .int8(-56))
    #expect(file.metadata["u16"] == .uint16(513))
    #expect(file.metadata["i16"] == .int16(-1))
    #expect(file.metadata["i32"] == .int32(-2))
    #expect(file.metadata["u64"] == .uint64(.max))
    #expect(file.metadata["u64"]?.int == nil)
    #expect(file.metadata["i64"] == .int64(-1))
    #expect(file.metadata["f64"]?.double == 0.1)
    #expect(file.metadata["empty"] == .array([]))
    #expect(file.metadata["nested"] == .array([.array([.uint8(7), .uint8(8)])]))
  }

  @Test("Every cut of a good file is refused")
  func refusesEveryPrefix() throws {
    let good = Self.sample().bytes()
    let file = try open(Self.sample())
    let end = try #require(file.tensors.map(\.byteRange.upperBound).max())
    for count in 0..<end {
      let path = try directory.write(Array(good.prefix(count)), to: "\(count)")
      #expect(throws: GraftError.self, "cut to \(count) bytes") { try GGUFFile(path) }
    }
  }

  @Test("Flipping any byte never traps")
  func survivesEveryFlip() throws {
    let good = Self.sample().bytes()
    for position in good.indices {
      for flip: UInt8 in [0x01, 0x80, 0xFF] {
        var bytes = good
        bytes[position] ^= flip
        let path = try directory.write(bytes, to: "\(position)-\(flip)")
        guard let file = try? GGUFFile(path) else { continue }
        for tensor in file.tensors where tensor.type.isReadable && tensor.spec.elementCount < 4096 {
          var floats = [Float](repeating: 0, count: tensor.spec.elementCount)
          try floats.withUnsafeMutableBufferPointer {
            try file.dequantize(tensor, rows: 0..<tensor.spec.rowCount, into: $0)
          }
        }
      }
    }
  }

  struct Attack: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var code: GraftError.Code
    var says: String
    var change: @Sendable (inout GGUFBuilder) -> Void
  }

  static let attacks: [Attack] = [
    Attack(testDescription: "another magic", code: .notGGUF, says: "'GGML'") {
      $0.magic = Array("GGML".utf8)
    },
    Attack(testDescription: "version 1", code: .notGGUF, says: "version 1") { $0.version = 1 },
    Attack(testDescription: "version 4", code: .notGGUF, says: "version 4") { $0.version = 4 },
    Attack(testDescription: "big-endian", code: .notGGUF, says: "big-endian") {
      $0.version = UInt32(3).byteSwapped
    },
    Attack(testDescription: "2^63 tensors", code: .truncatedGGUF, says: "number of tensors") {
      $0.claimedTensorCount = 1 << 63
    },
    Attack(testDescription: "many keys", code: .truncatedGGUF, says: "number of metadata keys") {
      $0.claimedKeyCount = 1 << 40
    },
    Attack(testDescription: "key twice", code: .ggufHeader, says: "'a.bool' appears twice") {
      $0.add("a.bool", .bool(false))
    },
    Attack(testDescription: "unknown value type", code: .ggufHeader, says: "value type 13") {
      $0.add("k", .raw(13, [0, 0]))
    },
    Attack(testDescription: "string past the end", code: .truncatedGGUF, says: "does not fit") {
      $0.add("k", .raw(8, GGUFBuilder.little(UInt64.max)))
    },
    Attack(testDescription: "array past the end", code: .truncatedGGUF, says: "array 'k'") {
      $0.add("k", .raw(9, [4, 0, 0, 0] + GGUFBuilder.little(UInt64(1) << 61)))
    },
    Attack(testDescription: "string not UTF-8", code: .ggufHeader, says: "UTF-8") {
      $0.add("k", .raw(8, GGUFBuilder.little(UInt64(1)) + [0xFF]))
    },
    Attack(testDescription: "arrays in arrays", code: .ggufHeader, says: "too deeply") {
      let layer: [UInt8] = [9, 0, 0, 0] + GGUFBuilder.little(UInt64(1))
      $0.add("k", .raw(9, (0..<40).flatMap { _ in layer }))
    },
    Attack(testDescription: "alignment 0", code: .ggufHeader, says: "is 0") {
      $0.add("general.alignment", .u32(0))
    },
    Attack(testDescription: "alignment 24", code: .ggufHeader, says: "is 24") {
      $0.add("general.alignment", .u32(24))
    },
    Attack(testDescription: "alignment a string", code: .ggufHeader, says: "a string") {
      $0.add("general.alignment", .string("32"))
    },
    Attack(testDescription: "tensor twice", code: .ggufHeader, says: "appears twice") {
      $0.add("w", shape: [1], type: 0, bytes: [0, 0, 0, 0])
    },
    Attack(testDescription: "five dimensions", code: .ggufHeader, says: "5 dimensions") {
      $0.add("t", shape: [1, 1, 1, 1, 1], type: 0, bytes: [0, 0, 0, 0])
    },
    Attack(testDescription: "product overflows", code: .ggufHeader, says: "no size") {
      $0.tensors.append(("t", [1 << 32, 1 << 32], 0, []))
    },
    Attack(testDescription: "overflow beside a zero", code: .ggufHeader, says: "no size") {
      $0.tensors.append(("t", [1 << 62, 0], 0, []))
    },
    Attack(testDescription: "extent of 2^64 - 1", code: .ggufHeader, says: "extent") {
      $0.tensors.append(("t", [.max], 0, []))
    },
    Attack(testDescription: "unknown type", code: .unreadableGGMLType, says: "number 99") {
      $0.add("t", shape: [1], type: 99, bytes: [])
    },
    Attack(testDescription: "part of a block", code: .ggufHeader, says: "32 in a block") {
      $0.add("t", shape: [33], type: 8, bytes: [UInt8](repeating: 0, count: 68))
    },
    Attack(testDescription: "offset not aligned", code: .ggufHeader, says: "no multiple") {
      $0.claimedOffsets["v"] = 33
    },
    Attack(testDescription: "offset past the end", code: .truncatedGGUF, says: "ends at byte") {
      $0.claimedOffsets["v"] = 1 << 40
    },
    Attack(testDescription: "offset of 2^63 - 32", code: .ggufHeader, says: "beyond any file") {
      $0.claimedOffsets["v"] = UInt64(Int.max) - 31
    },
    Attack(testDescription: "overlap", code: .ggufHeader, says: "on top of") {
      $0.claimedOffsets["v"] = 0
    },
  ]

  @Test("A hostile or foreign file is refused with its reason", arguments: attacks)
  func refuses(_ attack: Attack) throws {
    var builder = Self.sample()
    attack.change(&builder)
    let error = try #require(throws: GraftError.self) { try open(builder) }
    #expect(error.code == attack.code, "\(error)")
    #expect(error.message.contains(attack.says), "\(error)")
    #expect(error.file != nil)
  }
}
