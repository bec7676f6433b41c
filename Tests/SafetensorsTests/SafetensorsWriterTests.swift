import Diagnostics
import FileIO
import Safetensors
import StrictJSON
import TensorCore
import TestSupport
import Testing

@Suite("Writing safetensors")
struct SafetensorsWriterTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  static let specs = [
    TensorSpec(name: "b \"quoted\" ü", dtype: .f32, shape: [2, 3]),
    TensorSpec(name: "empty", dtype: .bf16, shape: [0, 9]),
    TensorSpec(name: "a", dtype: .u8, shape: []),
  ]

  @Test("What was written in odd pieces is read back", arguments: [1, 2, 5, 7, 25])
  func roundTrip(_ piece: Int) throws {
    let path = directory.file("a.safetensors")
    let writer = try SafetensorsWriter(
      path, tensors: Self.specs, metadata: ["format": "pt", "k": "v"])
    let data = (0..<25).map { UInt8($0) }
    for start in stride(from: 0, to: 25, by: piece) {
      try data[start..<min(start + piece, 25)].withUnsafeBytes { try writer.append($0) }
    }
    let seal = try writer.close()
    let bytes = try readFile(path)
    #expect(seal.byteCount == bytes.count)
    #expect(try seal.sha256 == sha256(ofFile: path))
    let file = try SafetensorsFile(path)
    #expect(file.tensors == Self.specs)
    #expect(file.metadata == ["format": "pt", "k": "v"])
    #expect(file.dataStart % 8 == 0)
    #expect(try file.withBytes(of: "a") { Array($0) } == [24])
    #expect(try file.withBytes(of: Self.specs[0].name) { Array($0) } == Array(data.prefix(24)))
  }

  @Test("The header is laid out as the reference writes it")
  func headerText() throws {
    let path = directory.file("a.safetensors")
    let writer = try SafetensorsWriter(
      path, tensors: [TensorSpec(name: "w", dtype: .f16, shape: [1, 2])])
    try [UInt8](repeating: 1, count: 4).withUnsafeBytes { try writer.append($0) }
    _ = try writer.close()
    let expected =
      #"{"__metadata__":{"format":"pt"},"w":{"dtype":"F16","shape":[1,2],"data_offsets":[0,4]}}"#
    let padded = expected + String(repeating: " ", count: (8 - expected.utf8.count % 8) % 8)
    #expect(try readFile(path) == safetensorsBytes(padded, data: [1, 1, 1, 1]))
  }

  @Test("Too few and too many bytes are errors, and no file stays behind")
  func countsBytes() throws {
    let path = directory.file("a.safetensors")
    do {
      let writer = try SafetensorsWriter(path, tensors: Self.specs)
      try [UInt8](repeating: 1, count: 24).withUnsafeBytes { try writer.append($0) }
      let error = try #require(throws: GraftError.self) { try writer.close() }
      #expect(error.code == .writtenByteCount)
      #expect(error.tensor == "a")
      #expect(throws: GraftError.self) {
        try [UInt8](repeating: 1, count: 2).withUnsafeBytes { try writer.append($0) }
      }
    }
    #expect(!fileExists(path))
  }

  @Test("Names that cannot be written are refused before a file appears")
  func refusesNames() throws {
    let one = TensorSpec(name: "w", dtype: .u8, shape: [1])
    let path = directory.file("a.safetensors")
    #expect(throws: GraftError.self) { try SafetensorsWriter(path, tensors: [one, one]) }
    let reserved = TensorSpec(name: "__metadata__", dtype: .u8, shape: [1])
    #expect(throws: GraftError.self) { try SafetensorsWriter(path, tensors: [reserved]) }
    #expect(!fileExists(path))
  }
}

@Suite("Planning shards")
struct ShardPlanTests {
  /// Tensors of the given sizes in bytes, named by letter.
  static func specs(_ sizes: [Int]) -> [TensorSpec] {
    zip("abcdefghij", sizes).map { TensorSpec(name: String($0), dtype: .u8, shape: [$1]) }
  }

  /// Splits by huggingface_hub 1.x `split_state_dict_into_shards_factory`, made by hand from its
  /// rule: a tensor over the limit stands alone while the open shard goes on.
  @Test(
    "Tensors are split as huggingface_hub splits them",
    arguments: [
      ([4, 4, 4], 12, ["abc"]), ([4, 4, 4], 8, ["ab", "c"]), ([4, 4, 4], 7, ["a", "b", "c"]),
      ([4, 20, 4], 10, ["b", "ac"]), ([20, 4, 4], 10, ["a", "bc"]), ([4, 0, 4], 4, ["ab", "c"]),
      ([], 4, [""]), ([20], 10, ["a"]),
    ])
  func splits(_ sizes: [Int], _ limit: Int, _ expected: [String]) {
    let plan = ShardPlan(Self.specs(sizes), byteLimit: limit)
    #expect(plan.shards.map { $0.tensors.map(\.name).joined() } == expected)
    #expect(plan.byteCount == sizes.reduce(0, +))
  }

  @Test("One file has no index; several have one that names each tensor's file")
  func names() throws {
    let one = ShardPlan(Self.specs([4, 4]))
    #expect(one.shards.map(\.fileName) == ["model.safetensors"])
    #expect(one.indexText == nil && one.indexFileName == nil)
    let two = ShardPlan(Self.specs([4, 4]), byteLimit: 4)
    #expect(
      two.shards.map(\.fileName)
        == ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"])
    #expect(two.indexFileName == "model.safetensors.index.json")
    let index = try JSONValue.parse(#require(two.indexText))
    #expect(index["metadata"]?["total_size"]?.int == 8)
    #expect(index["weight_map"]?["b"]?.string == "model-00002-of-00002.safetensors")
  }
}
