import Checkpoint
import Diagnostics
import FileIO
import Safetensors
import StrictJSON
import TensorCore
import TestSupport
import Testing

/// Directories of `.bin` files, alone and beside safetensors.
@Suite struct TorchStoreTests {
  let temporary: TemporaryDirectory

  init() throws { temporary = try TemporaryDirectory() }

  private func place(_ fixture: String, as name: String) throws {
    _ = try temporary.write(readFile(Fixtures.path("torch-archives/\(fixture)")), to: name)
  }

  private func write(_ tensors: [TensorFixture], to name: String) throws {
    removeTree(temporary.file(name))
    try TensorFixture.write(tensors, to: temporary.file(name))
  }

  private func refusal(name: String = "model") -> GraftError? {
    #expect(throws: GraftError.self) { try TensorStore(directory: temporary.path, name: name) }
  }

  @Test(arguments: ["pytorch_model.bin", "adapter_model.bin", "adapter_model.safetensors"])
  func `weights are told by their content`(file: String) throws {
    try place("plain.pt", as: file.hasSuffix(".bin") ? file : "x")
    try place("plain.safetensors", as: file.hasSuffix(".bin") ? "x" : file)
    let stem = file.hasPrefix("adapter") ? "adapter_model" : "model"
    let store = try TensorStore(directory: temporary.path, name: stem)
    let truth = try TensorStore(file: Fixtures.path("torch-archives/plain.safetensors"))
    #expect(store.names == ["a", "b"])
    #expect(store.files == [temporary.file(file)])
    for name in store.names {
      #expect(try store[name]?.bytes() == truth[name]?.bytes())
      #expect(store[name]?.spec == truth[name]?.spec)
    }
  }

  @Test func `tied tensors of a bin file are there under both names`() throws {
    try place("views.pt", as: "pytorch_model.bin")
    let store = try TensorStore(directory: temporary.path)
    #expect(try store["base"]?.bytes() == store["tied"]?.bytes())
    let grid = try #require(store["grid"]).floats()
    var turned: [Float] = []
    for column in 0..<6 { for row in 0..<4 { turned.append(grid[row * 6 + column]) } }
    #expect(try store["transposed"]?.floats() == turned)
  }

  private func index(_ map: [(String, String)]) throws {
    var object = JSONObject()
    for (key, value) in map { object[key] = .string(value) }
    let index: JSONValue = ["metadata": [:], "weight_map": .object(object)]
    try writeFileAtomically(temporary.file("pytorch_model.bin.index.json"), index.text())
    try place("plain.pt", as: "s1.bin")
    try place("types.pt", as: "s2.bin")
  }

  private func types() throws -> [(String, String)] {
    try TensorStore(file: Fixtures.path("torch-archives/types.pt")).names.map { ($0, "s2.bin") }
  }

  @Test func `shards of bin files are one store`() throws {
    try index([("a", "s1.bin"), ("b", "s1.bin")] + types())
    let store = try TensorStore(directory: temporary.path)
    #expect(store.names.count == 2 + (try types().count))
  }

  @Test func `an index that disagrees with its bin shards is refused`() throws {
    try index([("a", "s1.bin"), ("ghost", "s1.bin"), ("b", "s1.bin")] + types())
    #expect(refusal()?.tensor == "ghost")
    removeTree(temporary.file("s1.bin"))
    #expect(refusal()?.message.contains("s1.bin") == true)
  }

  @Test func `a tensor in two shards is refused`() throws {
    try index([("a", "s1.bin"), ("b", "s3.bin")] + types())
    try place("plain.pt", as: "s3.bin")
    #expect(refusal()?.code == .duplicateTensor)
  }

  @Test(arguments: ["../s1.bin", "/etc/passwd", "..", ""])
  func `a bin index cannot leave its directory`(file: String) throws {
    try index([("a", file)])
    #expect(refusal()?.code == .pathTraversal)
  }

  // MARK: Both kinds side by side

  @Test func `of two equal kinds the safetensors count`() throws {
    try place("plain.pt", as: "pytorch_model.bin")
    try place("plain.safetensors", as: "model.safetensors")
    let store = try TensorStore(directory: temporary.path)
    #expect(store.files == [temporary.file("model.safetensors")])
  }

  @Test func `a tied copy that only the bin file has is no difference`() throws {
    try place("views.pt", as: "pytorch_model.bin")
    let all = try TensorStore(file: Fixtures.path("torch-archives/views.safetensors"))
    let kept = try all.names.filter { $0 != "tied" }.map {
      TensorFixture($0, try #require(all[$0]).spec.shape, try #require(all[$0]).floats())
    }
    try write(kept.filter { $0.name != "transposed_bf16" }, to: "model.safetensors")
    #expect(refusal()?.tensor == "transposed_bf16")
    try write(kept.filter { $0.name != "base" && $0.name != "grid" }, to: "model.safetensors")
    #expect(refusal()?.tensor == "base")
  }

  @Test func `a file without tensors is not preferred to one that has them`() throws {
    try place("plain.pt", as: "adapter_model.bin")
    try write([], to: "adapter_model.safetensors")
    let error = refusal(name: "adapter_model")
    #expect(error?.code == .emptyWeights)
    #expect(error?.remedy?.contains("remove this file") == true)
  }

  @Test func `tensors without elements are not preferred to those that have some`() throws {
    try place("plain.pt", as: "adapter_model.bin")
    try write([TensorFixture("a", [0]), TensorFixture("b", [0])], to: "adapter_model.safetensors")
    let error = refusal(name: "adapter_model")
    #expect(error?.code == .emptyWeights)
    #expect(error?.tensor == "a")
  }

  @Test func `two kinds that differ are refused`() throws {
    try place("plain.pt", as: "pytorch_model.bin")
    let a = try TensorStore(file: Fixtures.path("torch-archives/plain.pt"))["a"]
    var values = try #require(a).floats()
    values[5] += 1
    try write([TensorFixture("a", [2, 3], values)], to: "model.safetensors")
    #expect(refusal()?.tensor == "a")
    #expect(refusal()?.code == .conflictingWeights)
  }

  @Test func `what is no weights stands beside good ones without harm`() throws {
    try place("plain.safetensors", as: "model.safetensors")
    _ = try temporary.write(Array("version https://git-lfs".utf8), to: "pytorch_model.bin")
    let store = try TensorStore(directory: temporary.path)
    #expect(store.files == [temporary.file("model.safetensors")])
  }

  @Test(arguments: [
    ("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "LFS"),
    ("<!DOCTYPE html><html></html>", "web page"), (#"{"error": "not found"}"#, "JSON"),
    ("GGUF", "GGUF"), ("", "empty"), ("hello world, this is text", "neither"),
  ])
  func `what is no weight file is named`(content: String, says: String) throws {
    _ = try temporary.write(Array(content.utf8), to: "pytorch_model.bin")
    #expect(refusal()?.message.contains(says) == true)
  }
}
