import Checkpoint
import Diagnostics
import FileIO
import Safetensors
import StrictJSON
import TensorCore
import TestSupport
import Testing

/// Weights that bitsandbytes 0.50.2 and torch 2.13.0 quantised (Scripts/golden/quantised.py), and
/// what those libraries make of them again.
@Suite struct QuantisedTests {
  let temporary: TemporaryDirectory
  private let golden = "\(splitPath(#filePath).parent)/Fixtures/quantised.safetensors"

  init() throws { temporary = try TemporaryDirectory() }

  /// The tensors of the fixture whose names begin so, as a checkpoint.
  private func model(
    _ prefixes: [String], _ settings: String, dtype: String = "float16",
    alter: (inout [(TensorSpec, [UInt8])]) -> Void = { _ in }
  ) throws -> ModelDirectory {
    let store = try TensorStore(safetensors: golden)
    var tensors: [(TensorSpec, [UInt8])] = []
    for source in store.inFileOrder
    where prefixes.contains(where: { source.spec.name.hasPrefix($0 + ".") }) {
      tensors.append((source.spec, try source.bytes()))
    }
    alter(&tensors)
    let path = temporary.file("model\(UInt64.random(in: 0 ... .max))")
    try makeDirectories(path)
    try writeFileAtomically(
      "\(path)/config.json",
      #"{"model_type": "llama", "dtype": "\#(dtype)", "quantization_config": \#(settings)}"#)
    let writer = try SafetensorsWriter("\(path)/model.safetensors", tensors: tensors.map(\.0))
    for (_, bytes) in tensors {
      try bytes.span.bytes.withUnsafeBytes { (raw) throws in try writer.append(raw) }
    }
    _ = try writer.close()
    return try ModelDirectory(path)
  }

  private func expectGolden(_ model: ModelDirectory, _ names: [String]) throws {
    let expected = try TensorStore(safetensors: golden)
    let plain = try model.dequantised()
    #expect(plain.config.json["quantization_config"] == nil && plain.quantisation == nil)
    #expect(plain.store.names == names.map { "\($0).weight" }.sorted())
    for name in names {
      let found = try #require(plain.store["\(name).weight"])
      let truth = try #require(expected["expected.\(name).weight"])
      #expect(found.spec.dtype == truth.spec.dtype && found.spec.shape == truth.spec.shape)
      // By value: the library makes a zero of FP4 negative, its own table does not.
      #expect(try found.floats() == truth.floats(), "\(name)")
      // A part in the middle, as it is streamed.
      #expect(try found.floats(rows: 2..<5) == truth.floats(rows: 2..<5), "\(name)")
    }
  }

  @Test func `4-bit weights are what bitsandbytes computes with`() throws {
    let names = ["nf4", "nf4_nested", "fp4", "fp4_nested"]
    try expectGolden(
      try model(names, #"{"quant_method": "bitsandbytes", "load_in_4bit": true}"#), names)
  }

  @Test func `8-bit weights are what bitsandbytes computes with`() throws {
    try expectGolden(
      try model(["int8"], #"{"quant_method": "bitsandbytes", "load_in_8bit": true}"#), ["int8"])
  }

  @Test(arguments: [("fp8", "bfloat16"), ("fp8_f32", "float32")])
  func `FP8 weights take the factors of their blocks`(name: String, dtype: String) throws {
    let settings = #"{"quant_method": "fp8", "weight_block_size": [4, 128]}"#
    try expectGolden(try model([name], settings, dtype: dtype), [name])
  }

  @Test(arguments: ["gptq", "awq", "compressed-tensors", "hqq", "mxfp4"])
  func `other methods are named`(method: String) throws {
    let model = try model(["int8"], #"{"quant_method": "\#(method)"}"#)
    let error = #expect(throws: GraftError.self) { try model.dequantised() }
    #expect(error?.code == .cannotDequantise)
    #expect(error?.message.contains(method) == true)
  }

  @Test(arguments: [".absmax", ".quant_map", ".nested_absmax", ".nested_quant_map"])
  func `a weight without one of its parts is refused`(part: String) throws {
    let model = try model(["nf4_nested"], #"{"quant_method": "bitsandbytes"}"#) { tensors in
      tensors.removeAll { $0.0.name.hasSuffix("weight" + part) }
    }
    let error = #expect(throws: GraftError.self) { try model.dequantised() }
    #expect(error?.code == .cannotDequantise)
  }

  @Test func `a state that does not fit the bytes is refused`() throws {
    let model = try model(["nf4"], #"{"quant_method": "bitsandbytes"}"#) { tensors in
      for i in tensors.indices where tensors[i].0.name.contains("quant_state") {
        let text = String(decoding: tensors[i].1, as: UTF8.self).replacing(
          "[7, 48]", with: "[9, 48]")
        tensors[i].1 = Array(text.utf8)
      }
    }
    let error = #expect(throws: GraftError.self) { try model.dequantised() }
    #expect(error?.code == .cannotDequantise)
  }

  @Test func `parts of no weight are refused`() throws {
    let model = try model(["nf4"], #"{"quant_method": "bitsandbytes"}"#) { tensors in
      tensors.append((TensorSpec(name: "other.quant", dtype: .u8, shape: [3]), [1, 2, 3]))
    }
    let error = #expect(throws: GraftError.self) { try model.dequantised() }
    #expect(error?.code == .cannotDequantise)
  }
}
