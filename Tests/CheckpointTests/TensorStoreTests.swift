import Checkpoint
import Diagnostics
import FileIO
import StrictJSON
import TensorCore
import TestSupport
import Testing

@Suite struct TensorStoreTests {
  let temporary: TemporaryDirectory

  init() throws { temporary = try TemporaryDirectory() }

  private func shards(_ map: [String: String]) throws -> TensorStore {
    try TensorFixture.write([TensorFixture("a", [2, 2])], to: temporary.file("s1.safetensors"))
    try TensorFixture.write([TensorFixture("b", [3])], to: temporary.file("s2.safetensors"))
    var object = JSONObject()
    for (key, value) in map.sorted(by: { $0.key < $1.key }) { object[key] = .string(value) }
    let index: JSONValue = ["metadata": [:], "weight_map": .object(object)]
    try writeFileAtomically(temporary.file("model.safetensors.index.json"), index.text())
    return try TensorStore(directory: temporary.path)
  }

  @Test func `shards are one store`() throws {
    let store = try shards(["a": "s1.safetensors", "b": "s2.safetensors"])
    #expect(store.names == ["a", "b"])
    #expect(try store["a"]?.floats() == TensorFixture("a", [2, 2]).values)
    #expect(try store["b"]?.floats() == TensorFixture("b", [3]).values)
  }

  @Test(arguments: [
    (["a": "s1.safetensors", "b": "s2.safetensors", "c": "s2.safetensors"], "c"),
    (["a": "s1.safetensors", "b": "s1.safetensors"], "b"),
    (["a": "s1.safetensors"], ""),
    (["a": "s1.safetensors", "b": "s3.safetensors"], "s3"),
    (["a": "s2.safetensors", "b": "s1.safetensors"], "b"),
  ])
  func `an index that disagrees with its shards is refused`(
    map: [String: String], names: String
  ) throws {
    if map.count == 1 {
      // A shard that the index does not name at all is not read; the tensor is simply not there.
      #expect(try shards(map).names == ["a"])
      return
    }
    let error = #expect(throws: GraftError.self) { try shards(map) }
    #expect(error?.code == .indexMismatch)
    #expect(error?.description.contains(names) == true)
  }

  @Test func `an index cannot leave its directory`() {
    let error = #expect(throws: GraftError.self) {
      try shards(["a": "../s1.safetensors", "b": "s2.safetensors"])
    }
    #expect(error?.code == .pathTraversal)
  }

  @Test func `a directory without weights says what was looked for`() {
    let error = #expect(throws: GraftError.self) { try TensorStore(directory: temporary.path) }
    #expect(error?.code == .noWeights)
  }
}
