import CKernels
import Diagnostics
import FileIO
import GGUF
import TensorCore
import TestSupport
import Testing

@Suite("Dequantising GGUF blocks")
struct DequantizationTests {
  static let types: [(String, UInt32, Int)] = [
    ("F32", 0, 1), ("F16", 1, 1), ("BF16", 30, 1), ("Q4_0", 2, 32), ("Q4_1", 3, 32),
    ("Q5_0", 6, 32), ("Q5_1", 7, 32), ("Q8_0", 8, 32), ("Q4_K", 12, 256), ("Q5_K", 13, 256),
    ("Q6_K", 14, 256), ("Q2_K", 10, 256), ("Q3_K", 11, 256), ("IQ4_NL", 20, 32),
    ("IQ4_XS", 23, 256), ("MXFP4", 39, 32), ("TQ1_0", 34, 256), ("TQ2_0", 35, 256),
  ]

  /// The bits of all numbers of `blocks`, read through a GGUF file of `rows` rows, in row blocks
  /// of one, two, and all rows.
  static func readBack(
    _ blocks: [UInt8], type: UInt32, size: Int, width: Int, rows: Int
  ) throws -> [[UInt32]] {
    let directory = try TemporaryDirectory()
    var builder = GGUFBuilder()
    let row = blocks.count / width * size / rows
    builder.add("before", shape: [3], type: 0, bytes: [UInt8](repeating: 9, count: 12))
    builder.add("w", shape: [rows, row], type: type, bytes: blocks)
    let file = try GGUFFile(directory.write(builder.bytes(), to: "a.gguf"))
    let tensor = try #require(file["w"])
    return try [1, 2, rows].map { step in
      var bits: [UInt32] = []
      for start in stride(from: 0, to: rows, by: step) {
        let range = start..<min(start + step, rows)
        var floats = [Float](repeating: -1, count: range.count * row)
        try floats.withUnsafeMutableBufferPointer {
          try file.dequantize(tensor, rows: range, into: $0)
        }
        bits += floats.map(\.bitPattern)
      }
      return bits
    }
  }

  static func check(_ folder: String, _ name: String, _ type: UInt32, _ size: Int) throws {
    let blocks = try readFile("\(folder)/\(name).blocks")
    let golden = try readFile("\(folder)/\(name).f32")
    let expected = stride(from: 0, to: golden.count, by: 4).map { place in
      (0..<4).reduce(UInt32(0)) { $0 | UInt32(golden[place + $1]) << (8 * UInt32($1)) }
    }
    let width = try #require(GGMLType(rawValue: type).blockByteCount)
    #expect(blocks.count / width * size == expected.count)
    for bits in try readBack(blocks, type: type, size: size, width: width, rows: 3) {
      #expect(bits == expected, "\(name)")
    }
  }

  /// Tests/Fixtures/gguf-blocks: gguf 0.19.0, by Scripts/golden/gguf_blocks.py.
  @Test("Bits equal those of the gguf package", arguments: types)
  func equalsGolden(_ name: String, _ type: UInt32, _ size: Int) throws {
    try Self.check(Fixtures.path("gguf-blocks"), name, type, size)
  }

  @Test(
    "Bits equal those of the gguf package that is installed, on new random blocks",
    .enabled(if: PeersPython.isPresent, "needs GRAFT_PEERS_PYTHON"))
  func equalsLiveReference() throws {
    let directory = try TemporaryDirectory()
    let seed = testSeed
    try PeersPython.run(
      [PeersPython.script("gguf_blocks.py"), directory.path, "\(seed)", "3000"])
    for (name, type, size) in Self.types { try Self.check(directory.path, name, type, size) }
  }

  @Test("A known type without a kernel is an error that names it, when it is read")
  func refusesUnreadable() throws {
    let directory = try TemporaryDirectory()
    var builder = GGUFBuilder()
    builder.add("w", shape: [256], type: 16, bytes: [UInt8](repeating: 0, count: 66))
    let file = try GGUFFile(directory.write(builder.bytes(), to: "a.gguf"))
    let tensor = try #require(file["w"])
    #expect(!tensor.type.isReadable)
    var floats = [Float](repeating: 0, count: 256)
    let error = try #require(throws: GraftError.self) {
      try floats.withUnsafeMutableBufferPointer {
        try file.dequantize(tensor, rows: 0..<1, into: $0)
      }
    }
    #expect(error.code == .unreadableGGMLType)
    #expect(error.message.contains("IQ2_XXS"))
    #expect(error.tensor == "w")
  }
}

@Suite("Converting numbers")
struct NumberKernelTests {
  @Test("Every bfloat16 widens to its value")
  func widensBFloat16() {
    let bits = (0...UInt16.max).map { $0 }
    var floats = [Float](repeating: 0, count: bits.count)
    graft_bf16_to_f32(bits, &floats, bits.count)
    for (bits, float) in zip(bits, floats) {
      #expect(float.bitPattern == Float(BFloat16(bitPattern: bits)).bitPattern)
    }
  }

  @Test("Every float16 widens to its value")
  func widensFloat16() {
    let bits = (0...UInt16.max).map { $0 }
    var floats = [Float](repeating: 0, count: bits.count)
    graft_f16_to_f32(bits, &floats, bits.count)
    for (bits, float) in zip(bits, floats) {
      let expected = Float(Float16(bitPattern: bits))
      #expect(float.bitPattern == expected.bitPattern || float.isNaN && expected.isNaN)
    }
  }

  /// Float32 numbers around every 16-bit number: itself, halfway to the next, and beside both.
  static func neighbours(_ widen: (UInt16) -> UInt32) -> [Float] {
    (0...UInt16.max).flatMap { bits -> [Float] in
      let here = widen(bits)
      let next = widen(bits &+ 1)
      let half = here &+ (next &- here) / 2
      return [here, here &+ 1, here &- 1, half, half &+ 1, half &- 1].map(Float.init(bitPattern:))
    }
  }

  @Test("Narrowing to bfloat16 rounds to nearest even")
  func narrowsBFloat16() {
    let floats = Self.neighbours { UInt32($0) << 16 }
    var bits = [UInt16](repeating: 0, count: floats.count)
    graft_f32_to_bf16(floats, &bits, floats.count)
    for (float, bits) in zip(floats, bits) {
      #expect(bits == BFloat16(float).bitPattern, "\(float)")
    }
  }

  @Test("Narrowing to float16 rounds to nearest even")
  func narrowsFloat16() {
    let floats = Self.neighbours { Float(Float16(bitPattern: $0)).bitPattern }
    var bits = [UInt16](repeating: 0, count: floats.count)
    graft_f32_to_f16(floats, &bits, floats.count)
    for (float, bits) in zip(floats, bits) {
      let expected = Float16(float)
      #expect(bits == expected.bitPattern || Float16(bitPattern: bits).isNaN && expected.isNaN)
    }
  }
}
