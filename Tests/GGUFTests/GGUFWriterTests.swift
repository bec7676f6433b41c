import Diagnostics
import FileIO
import GGUF
import TensorCore
import TestSupport
import Testing

@Suite struct GGUFWriterTests {
  static let metadata: [(key: String, value: GGUFValue)] = [
    ("general.architecture", .string("llama")), ("general.type", .string("adapter")),
    ("a.u8", .uint8(200)), ("a.i8", .int8(-3)), ("a.u16", .uint16(60_000)), ("a.i16", .int16(-9)),
    ("a.u32", .uint32(.max)), ("a.i32", .int32(-7)), ("a.f32", .float32(0.1)),
    ("a.bool", .bool(true)), ("a.u64", .uint64(.max)), ("a.i64", .int64(.min)),
    ("a.f64", .float64(0.1)), ("a.strings", .array([.string("x"), .string(""), .string("ü")])),
    ("a.ints", .array([.int32(-1), .int32(2)])),
  ]
  static let tensors = [
    TensorSpec(name: "a.weight.lora_a", dtype: .f32, shape: [2, 3]),
    TensorSpec(name: "a.weight.lora_b", dtype: .f16, shape: [5, 2]),
    TensorSpec(name: "empty", dtype: .f32, shape: [0, 4]),
    TensorSpec(name: "norm", dtype: .bf16, shape: [7]),
  ]
  static let content = (0..<58).map { UInt8($0) }
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  func write(step: Int, to name: String) throws -> String {
    let path = directory.file(name)
    let writer = try GGUFWriter(path, metadata: Self.metadata, tensors: Self.tensors)
    for start in stride(from: 0, to: Self.content.count, by: step) {
      try writer.append(Array(Self.content[start..<min(start + step, Self.content.count)]))
    }
    let seal = try writer.close()
    #expect(seal.sha256 == (try sha256(ofFile: path)))
    return path
  }

  @Test(arguments: [1, 7, 58]) func whatIsWrittenReadsBack(_ step: Int) throws {
    let file = try GGUFFile(write(step: step, to: "a.gguf"))
    #expect(file.keys == Self.metadata.map(\.key))
    for (key, value) in Self.metadata { #expect(file.metadata[key] == value) }
    #expect(file.tensors.map(\.name) == Self.tensors.map(\.name))
    #expect(file.tensors.map(\.shape) == Self.tensors.map(\.shape))
    let bytes = try readFile(file.path)
    #expect(file.tensors.flatMap { bytes[$0.byteRange] } == Self.content)
  }

  @Test(.enabled(if: PeersPython.isPresent)) func theGGUFPackageReadsIt() throws {
    let path = try write(step: 11, to: "a.gguf")
    let script = """
      import sys
      from gguf import GGUFReader
      reader = GGUFReader(sys.argv[1])
      for field in reader.fields.values():
          if not field.name.startswith("GGUF."):
              print(field.name, repr(field.contents()))
      for tensor in reader.tensors:
          print(tensor.name, tensor.tensor_type.name, list(map(int, tensor.shape)),
                tensor.data.tobytes().hex())
      """
    let lines = try PeersPython.run(["-c", script, path]).split(separator: "\n").map(String.init)
    func hex(_ range: Range<Int>) -> String {
      Self.content[range].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
    #expect(
      lines == [
        "general.architecture 'llama'", "general.type 'adapter'", "a.u8 200", "a.i8 -3",
        "a.u16 60000", "a.i16 -9", "a.u32 4294967295", "a.i32 -7", "a.f32 0.10000000149011612",
        "a.bool True", "a.u64 18446744073709551615", "a.i64 -9223372036854775808", "a.f64 0.1",
        "a.strings ['x', '', 'ü']", "a.ints [-1, 2]",
        "a.weight.lora_a F32 [3, 2] \(hex(0..<24))", "a.weight.lora_b F16 [2, 5] \(hex(24..<44))",
        "empty F32 [4, 0] ", "norm BF16 [7] \(hex(44..<58))",
      ])
  }

  @Test func tooFewAndTooManyBytesAreRefused() throws {
    let path = directory.file("b.gguf")
    do {
      let writer = try GGUFWriter(path, metadata: [], tensors: Self.tensors)
      try writer.append([1, 2, 3])
      let error = #expect(throws: GraftError.self) { try writer.close() }
      #expect(error?.tensor == "a.weight.lora_a")
      #expect(throws: GraftError.self) { try writer.append([UInt8](repeating: 0, count: 60)) }
    }
    #expect(!fileExists(path))
  }

  @Test func whatGGUFCannotHoldIsRefused() {
    func refused(_ metadata: [(key: String, value: GGUFValue)], _ specs: [TensorSpec]) -> String? {
      let error = #expect(throws: GraftError.self) {
        try GGUFWriter(directory.file("c.gguf"), metadata: metadata, tensors: specs)
      }
      #expect(error?.code == .unwritableGGUF)
      return error?.message
    }
    func spec(_ name: String, _ dtype: DType = .f32, _ shape: [Int] = [1]) -> TensorSpec {
      TensorSpec(name: name, dtype: dtype, shape: shape)
    }
    #expect(refused([], [spec("a"), spec("a")])?.contains("twice") == true)
    #expect(refused([("k", .bool(true)), ("k", .bool(true))], [])?.contains("twice") == true)
    #expect(refused([], [spec(String(repeating: "x", count: 64))])?.contains("63") == true)
    #expect(refused([], [spec("a", .bool)])?.contains("BOOL") == true)
    #expect(refused([], [spec("a", .f32, [1, 1, 1, 1, 1])])?.contains("axes") == true)
    #expect(
      refused([("k", .array([.bool(true), .uint8(1)]))], [])?.contains("different") == true)
    #expect(refused([("general.alignment", .uint32(24))], [])?.contains("power") == true)
  }
}
