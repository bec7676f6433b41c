import Diagnostics
import FileIO
import Safetensors
import StrictJSON
import TensorCore
import TestSupport
import Testing

/// The bytes of a safetensors file with this header text, as is, and this data.
func safetensorsBytes(_ header: String, data: [UInt8] = []) -> [UInt8] {
  let length = UInt64(header.utf8.count)
  return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) } + header.utf8 + data
}

struct Attack: CustomTestStringConvertible, Sendable {
  var testDescription: String
  var bytes: [UInt8]
  var code: GraftError.Code
  /// A part of the message that must be there.
  var says: String

  init(_ name: String, _ bytes: [UInt8], _ code: GraftError.Code, _ says: String) {
    (testDescription, self.bytes, self.code, self.says) = (name, bytes, code, says)
  }

  init(
    _ name: String, header: String, data: [UInt8] = [], _ code: GraftError.Code, _ says: String
  ) {
    self.init(name, safetensorsBytes(header, data: data), code, says)
  }
}

let eight = [UInt8](repeating: 7, count: 8)
let attacks: [Attack] = [
  Attack("empty file", [], .truncatedFile, "0 bytes"),
  Attack("seven bytes", Array(eight.prefix(7)), .truncatedFile, "7 bytes"),
  Attack("length only, no header", safetensorsBytes(""), .safetensorsHeader, "not valid JSON"),
  Attack("length 2^62", [0, 0, 0, 0, 0, 0, 0, 0x40] + eight, .safetensorsHeader, "claims"),
  Attack(
    "length 2^64 - 1", [UInt8](repeating: 255, count: 8) + eight, .safetensorsHeader, "claims"),
  Attack(
    "length over 100 MB", [0x01, 0xE1, 0xF5, 0x05, 0, 0, 0, 0] + eight, .safetensorsHeader,
    "100000001"),
  Attack("header cut short", [9, 0, 0, 0, 0, 0, 0, 0] + eight, .truncatedFile, "ends after 8"),
  Attack("single quotes", header: "{'a': 1}", .safetensorsHeader, "not valid JSON"),
  Attack("not UTF-8", safetensorsBytes("{\"") + [], .safetensorsHeader, "not valid JSON"),
  Attack(
    "invalid byte in a name",
    [15, 0, 0, 0, 0, 0, 0, 0] + [0x7B, 0x22, 0xFF, 0x22] + Array(":{}}       ".utf8),
    .safetensorsHeader, "UTF-8"),
  Attack("array", header: "[1, 2]", .safetensorsHeader, "a list"),
  Attack("number", header: "17", .safetensorsHeader, "a number"),
  Attack("deep nesting", header: String(repeating: "[", count: 5000), .jsonTooDeep, "deeper"),
  Attack(
    "the same key twice",
    header: #"{"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},"#
      + #""a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}}"#,
    data: eight, .duplicateKey, "'a'"),
  Attack(
    "the same dtype key twice",
    header: #"{"a":{"dtype":"U8","dtype":"I8","shape":[8],"data_offsets":[0,8]}}"#, data: eight,
    .duplicateKey, "'dtype'"),
  Attack(
    "metadata a list", header: #"{"__metadata__":["pt"]}"#, .safetensorsHeader, "a list"),
  Attack(
    "metadata with a number", header: #"{"__metadata__":{"format":1}}"#, .safetensorsHeader,
    "'format'"),
  Attack(
    "unknown dtype", header: #"{"a":{"dtype":"F7","shape":[8],"data_offsets":[0,8]}}"#,
    data: eight, .unknownDType, "'F7'"),
  Attack(
    "dtype missing", header: #"{"a":{"shape":[8],"data_offsets":[0,8]}}"#, data: eight,
    .safetensorsHeader, "no dtype"),
  Attack("entry a string", header: #"{"a":"b"}"#, .safetensorsHeader, "no dtype"),
  Attack(
    "shape missing", header: #"{"a":{"dtype":"U8","data_offsets":[0,8]}}"#, data: eight,
    .safetensorsHeader, "'shape'"),
  Attack(
    "negative extent", header: #"{"a":{"dtype":"U8","shape":[-8],"data_offsets":[0,8]}}"#,
    data: eight, .safetensorsHeader, "-8"),
  Attack(
    "extent of 2^64",
    header: #"{"a":{"dtype":"U8","shape":[18446744073709551616],"#
      + #""data_offsets":[0,8]}}"#, data: eight, .safetensorsHeader, "18446744073709551616"),
  Attack(
    "extent with a fraction", header: #"{"a":{"dtype":"U8","shape":[8.0],"data_offsets":[0,8]}}"#,
    data: eight, .safetensorsHeader, "8.0"),
  Attack(
    "product overflows to zero",
    header: #"{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#,
    .safetensorsHeader, "no size"),
  Attack(
    "bits overflow",
    header: #"{"a":{"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0]}}"#,
    .safetensorsHeader, "no size"),
  Attack(
    "half a byte", header: #"{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}"#,
    data: [0, 0], .safetensorsHeader, "no size"),
  Attack(
    "one offset", header: #"{"a":{"dtype":"U8","shape":[8],"data_offsets":[8]}}"#, data: eight,
    .safetensorsHeader, "1 numbers"),
  Attack(
    "offsets reversed", header: #"{"a":{"dtype":"U8","shape":[8],"data_offsets":[8,0]}}"#,
    data: eight, .safetensorsHeader, "backwards"),
  Attack(
    "span and shape differ", header: #"{"a":{"dtype":"U8","shape":[7],"data_offsets":[0,8]}}"#,
    data: eight, .safetensorsLayout, "takes 7"),
  Attack(
    "past the end", header: #"{"a":{"dtype":"U8","shape":[9],"data_offsets":[0,9]}}"#,
    data: eight, .truncatedFile, "ends at byte 9"),
  Attack(
    "far past the end",
    header: #"{"a":{"dtype":"U8","shape":[9223372036854775800],"#
      + #""data_offsets":[0,9223372036854775800]}}"#, data: eight, .safetensorsHeader, "no size"),
  Attack(
    "overlap",
    header: #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"#
      + #""b":{"dtype":"U8","shape":[6],"data_offsets":[2,8]}}"#, data: eight,
    .safetensorsLayout, "inside the tensor before it"),
  Attack(
    "the same bytes twice",
    header: #"{"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},"#
      + #""b":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}}"#, data: eight,
    .safetensorsLayout, "inside the tensor before it"),
  Attack(
    "hole between",
    header: #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"#
      + #""b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}"#, data: eight,
    .safetensorsLayout, "2 bytes belong to no tensor"),
  Attack(
    "hole at the start", header: #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}"#,
    data: eight, .safetensorsLayout, "4 bytes belong to no tensor"),
  Attack(
    "bytes after the last tensor",
    header: #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}"#, data: eight,
    .safetensorsLayout, "take 4 bytes"),
  Attack("no tensor, but data", header: "{}", data: eight, .safetensorsLayout, "take 0 bytes"),
  Attack(
    "LFS pointer", Array("version https://git-lfs.github.com/spec/v1\noid sha256:00\n".utf8),
    .foreignFile, "LFS pointer"),
  Attack(
    "web page", Array("\n<!DOCTYPE html><html><body>404</body></html>".utf8), .foreignFile,
    "web page"),
  Attack("short web page", Array("<html>".utf8), .foreignFile, "web page"),
  Attack(
    "zip", [0x50, 0x4B, 0x03, 0x04, 0, 0, 8, 8] + eight, .foreignFile, "zip archive"),
  Attack(
    "pickle", [0x80, 2, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46] + eight, .foreignFile, "pickle"),
  Attack("GGUF", Array("GGUF".utf8) + [3, 0, 0, 0] + eight, .foreignFile, "GGUF"),
  Attack("JSON text", Array(#"{"weight_map": {}}"#.utf8), .foreignFile, "JSON text"),
  Attack("gzip", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3], .foreignFile, "compressed"),
]

@Suite("Reading safetensors")
struct SafetensorsFileTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  @Test("A hostile or foreign file is refused with its reason", arguments: attacks)
  func refuses(_ attack: Attack) throws {
    let path = try directory.write(attack.bytes, to: "a.safetensors")
    let error = try #require(throws: GraftError.self) { try SafetensorsFile(path) }
    #expect(error.code == attack.code, "\(error)")
    #expect(error.message.contains(attack.says), "\(error)")
    #expect(error.file == path)
  }

  @Test("Every cut of a good file is refused")
  func refusesEveryPrefix() throws {
    let good = safetensorsBytes(
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, data: eight)
    for count in 0..<good.count {
      let path = try directory.write(Array(good.prefix(count)), to: "\(count)")
      #expect(throws: GraftError.self, "cut to \(count) bytes") { try SafetensorsFile(path) }
    }
  }

  @Test("Flipping any byte never traps")
  func survivesEveryFlip() throws {
    let good = safetensorsBytes(
      #"{"__metadata__":{"format":"pt"},"a":{"dtype":"BF16","shape":[2,2],"data_offsets":[0,8]}}"#,
      data: eight)
    for position in good.indices {
      for flip: UInt8 in [0x01, 0x20, 0x80, 0xFF] {
        var bytes = good
        bytes[position] ^= flip
        let path = try directory.write(bytes, to: "\(position)-\(flip)")
        guard let file = try? SafetensorsFile(path) else { continue }
        for spec in file.tensors {
          let sum = try file.withBytes(of: spec.name) { $0.reduce(0) { $0 + Int($1) } }
          #expect(sum >= 0)
        }
      }
    }
  }

  @Test("Tensors come in the order of their data, whatever the order of the header")
  func ordersByData() throws {
    let header =
      #"{"z":{"dtype":"U8","shape":[2],"data_offsets":[6,8]},"#
      + #""empty":{"dtype":"F32","shape":[0,5],"data_offsets":[6,6]},"#
      + #""scalar":{"dtype":"F32","shape":[],"data_offsets":[2,6]},"#
      + #""a":{"dtype":"I8","shape":[1,2],"data_offsets":[0,2]}}   "#
    let path = try directory.write(
      safetensorsBytes(header, data: [1, 2, 0, 0, 0x80, 0x3F, 3, 4]), to: "a.safetensors")
    let file = try SafetensorsFile(path)
    #expect(file.tensors.map(\.name) == ["a", "scalar", "empty", "z"])
    #expect(file.metadata.isEmpty)
    #expect(file.spec(of: "empty") == TensorSpec(name: "empty", dtype: .f32, shape: [0, 5]))
    #expect(file.spec(of: "none") == nil)
    #expect(try file.withBytes(of: "scalar") { $0.loadUnaligned(as: Float.self) } == 1)
    #expect(try file.withBytes(of: "z", 1..<2) { Array($0) } == [4])
    #expect(try file.withBytes(of: "empty") { $0.count } == 0)
    file.release("a")
    #expect(try file.withBytes(of: "a") { Array($0) } == [1, 2])
  }

  @Test("A missing tensor is an error that suggests the near name")
  func suggestsName() throws {
    let path = try directory.write(
      safetensorsBytes(
        #"{"model.norm.weight":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}}"#, data: eight),
      to: "a.safetensors")
    let file = try SafetensorsFile(path)
    let error = try #require(throws: GraftError.self) {
      try file.withBytes(of: "model.norm.wieght") { $0.count }
    }
    #expect(error.code == .noSuchTensor)
    #expect(error.remedy?.contains("model.norm.weight") == true)
  }

  @Test("All element types of the format are known, none else")
  func knowsTypes() {
    // The list that safetensors 0.8.0 prints for an unknown variant.
    let known =
      "BOOL F4 F6_E2M3 F6_E3M2 U8 I8 F8_E5M2 F8_E4M3 F8_E8M0 F8_E4M3FNUZ F8_E5M2FNUZ I16 U16 F16 "
      + "BF16 I32 U32 F32 C64 F64 I64 U64"
    #expect(
      Set(known.split(separator: " ").map(String.init)) == Set(DType.allCases.map(\.rawValue)))
  }

  @Test("A header of 5000 tensors is read, and each is found by its name")
  func readsLargeHeaders() throws {
    let specs = (0..<5000).map {
      TensorSpec(
        name: "model.layers.\($0).self_attn.q_proj.weight", dtype: .u16, shape: [1, $0 % 3])
    }
    let path = directory.file("large.safetensors")
    let writer = try SafetensorsWriter(path, tensors: specs)
    for (number, spec) in specs.enumerated() {
      try [UInt16](repeating: UInt16(number), count: spec.elementCount)
        .withUnsafeBytes { try writer.append($0) }
    }
    _ = try writer.close()
    let file = try SafetensorsFile(path)
    #expect(file.tensors.count == 5000)
    for (number, spec) in specs.enumerated().reversed() {
      #expect(file.spec(of: spec.name) == spec)
      let values = try file.withBytes(of: spec.name) { Array($0.bindMemory(to: UInt16.self)) }
      #expect(values == Array(repeating: UInt16(number), count: number % 3))
    }
    #expect(file.spec(of: "model.layers.5000.self_attn.q_proj.weight") == nil)
  }
}
