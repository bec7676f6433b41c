import Checkpoint
import Diagnostics
import FileIO
import Merge
import Safetensors
import StrictJSON
import TensorCore
import TestSupport
import Testing

@Suite("Converting a directory")
struct DirectoryConversionTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  /// A float32 directory, made out of a GGUF file, with a file of the user's own beside.
  func makeModel() throws -> String {
    let input = try directory.write(TinyGGUF().bytes(), to: "a.gguf")
    let path = directory.file("model")
    _ = try Conversion(input: input, output: path, dtype: .f32).run()
    try writeFileAtomically("\(path)/NOTES.md", "mine")
    try writeFileAtomically("\(path)/pytorch_model.bin", "stale")
    return path
  }

  @Test("Without options every byte of every tensor and file is kept")
  func copies() throws {
    let input = try makeModel()
    var conversion = Conversion(input: input, output: directory.file("out"))
    conversion.shardByteLimit = 16384
    let summary = try conversion.run()
    let (before, after) = (
      try ModelDirectory(input), try ModelDirectory(directory.file("out"))
    )
    #expect(after.store.files.count > 1)
    #expect(after.store.names == before.store.names)
    for name in before.store.names {
      let (a, b) = (try #require(before.store[name]), try #require(after.store[name]))
      #expect(a.spec == b.spec)
      #expect(try a.bytes() == b.bytes())
    }
    for name in ["config.json", "tokenizer.json", "NOTES.md", "chat_template.jinja"] {
      #expect(
        try readFile("\(input)/\(name)") == readFile(directory.file("out/\(name)")), "\(name)")
    }
    #expect(!fileExists(directory.file("out/pytorch_model.bin")))
    #expect(summary.notes == ["not copied: pytorch_model.bin"])
    let provenance = try JSONValue.parse(readFile(directory.file("out/graft.json")))
    #expect(provenance["inputs"]?.array?.first?["path"]?.string == input)
  }

  @Test("Another type is one rounding, and config.json names it")
  func rounds() throws {
    let input = try makeModel()
    _ = try Conversion(input: input, output: directory.file("out"), dtype: .bf16).run()
    let (before, after) = (
      try ModelDirectory(input), try ModelDirectory(directory.file("out"))
    )
    #expect(after.config.dtype == .bf16)
    for name in before.store.names {
      let (a, b) = (try #require(before.store[name]), try #require(after.store[name]))
      #expect(b.spec.dtype == .bf16)
      #expect(try a.floats().map { Float(BFloat16($0)) } == b.floats())
    }
  }

  @Test("Float64 is rounded to 16 bits once, not twice")
  func roundsDoubles() throws {
    // Just above a tie of bfloat16, and of float16: rounding to float32 first loses the "just".
    let values = [1 + 0x1p-8 + 0x1p-40, 1 + 0x1p-11 + 0x1p-40, -(1 + 0x1p-8 + 0x1p-40), 0x1p-30]
    let path = directory.file("doubles")
    try makeDirectories(path)
    let spec = TensorSpec(name: "w", dtype: .f64, shape: [2, 2])
    let writer = try SafetensorsWriter("\(path)/model.safetensors", tensors: [spec])
    try values.withUnsafeBytes { try writer.append($0) }
    _ = try writer.close()
    try writeFileAtomically("\(path)/config.json", #"{"model_type": "any"}"#)
    _ = try Conversion(input: path, output: directory.file("b"), dtype: .bf16).run()
    _ = try Conversion(input: path, output: directory.file("h"), dtype: .f16).run()
    let brain = try TensorStore(directory: directory.file("b"))["w"]?.floats()
    #expect(brain == [1 + 0x1p-7, 1, -(1 + 0x1p-7), 0x1p-30])
    let half = try TensorStore(directory: directory.file("h"))["w"]?.floats()
    #expect(half == values.map { Float(Float16($0)) })
    #expect(half?[1] == 1 + 0x1p-10)
  }

  @Test("An output is never an input")
  func refusesInput() throws {
    let input = try makeModel()
    var conversion = Conversion(input: input, output: input)
    conversion.replacesOutput = true
    let error = try #require(throws: GraftError.self) { try conversion.run() }
    #expect(error.code == .outputIsInput)
  }

  @Test(
    "Real directories keep every tensor",
    .enabled(if: Shared.isPresent, "needs ../shared"),
    arguments: [
      "base_llama_odd_sharded_f32", "rm_full", "base_mixtral_bf16", "tf4_llama_bf16",
    ])
  func zoo(_ name: String) throws {
    let input = Shared.zoo(name)
    _ = try Conversion(input: input, output: directory.file("out"), dtype: .f32).run()
    let before = try TensorStore(directory: input)
    let after = try TensorStore(directory: directory.file("out"))
    #expect(after.names == before.names)
    for name in before.names {
      #expect(try before[name]?.floats() == after[name]?.floats(), "\(name)")
    }
  }
}
