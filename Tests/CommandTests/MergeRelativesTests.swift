import Checkpoint
import FileIO
import StrictJSON
import TensorCore
import TestSupport
import Testing

/// Merges of several adapters, merges taken back, adapters out of checkpoints and for other
/// programs, by the commands that a user runs.
@Suite(.enabled(if: GraftCommand.isPresent, "needs the built program"))
struct MergeRelativesTests {
  let temporary: TemporaryDirectory

  init() throws {
    temporary = try TemporaryDirectory()
    try TinyLlama(dtype: .bf16).write(to: temporary.file("base"))
    try writeFileAtomically(temporary.file("base/LICENSE"), "free")
    for (name, seed) in [("one", UInt64(1)), ("two", 2)] {
      var adapter = TinyAdapter(head: false)
      for i in adapter.tensors.indices {
        let old = adapter.tensors[i]
        adapter.tensors[i] = TensorFixture(old.name, old.shape, seed: seed)
      }
      try adapter.write(to: temporary.file(name))
    }
  }

  private func graft(_ words: String) throws -> GraftCommand.Result {
    try GraftCommand.run(
      words.split(separator: " ").map { word in
        word.hasPrefix("@") ? temporary.file(String(word.dropFirst())) : String(word)
      })
  }

  private func expectOK(_ words: String) throws {
    let result = try graft(words)
    #expect(result.code == 0, "\(words)\n\(result.output)\(result.errors)")
  }

  @Test func `a conversion shows every tensor's origin and writes nothing`() throws {
    try TinyMixture("qwen3_moe").write(to: temporary.file("moe"))
    let shown = try graft("convert @moe -o @fused --experts fused --dry-run")
    #expect(shown.code == 0, "\(shown.errors)")
    #expect(shown.output.contains("(model.layers.0.mlp.experts.0.gate_proj.weight and 5 more)"))
    #expect(shown.output.contains("Nothing was written"))
    #expect(try !directoryEntries(temporary.path).contains { $0.contains("fused") })
    let json = try graft("convert @moe -o @fused --experts fused --dtype bf16 --dry-run --json")
    let planned = try #require(try JSONValue.parse(json.output)["tensors"]?.array)
    try expectOK("convert @moe -o @fused --experts fused --dtype bf16")
    let written = try ModelDirectory(temporary.file("fused")).store
    #expect(planned.compactMap { $0["name"]?.string }.sorted() == written.names.sorted())
    for tensor in planned {
      let spec = try #require(tensor["name"]?.string.flatMap { written[$0]?.spec })
      #expect(tensor["dtype"]?.string == spec.dtype.rawValue)
      #expect(tensor["shape"]?.array?.compactMap(\.int) == spec.shape)
      #expect(tensor["origin"]?.string?.contains("model.safetensors: ") == true)
    }
    let merged = try graft("merge @base @one -o @x --dry-run")
    #expect(merged.output.contains("Nothing was written"))
    removeTree(temporary.file("moe/config.json"))
    try writeFileAtomically(temporary.file("moe/config.json"), "{}")
    #expect(try graft("convert @moe -o @fused2 --experts fused --dry-run").code == 3)
  }

  @Test func `a GGUF file is no base to merge into, and the way there is named`() throws {
    _ = try temporary.write(Array("GGUF".utf8), to: "model.gguf")
    let result = try graft("merge @model.gguf @one -o @out")
    #expect(result.code == 2)
    #expect(result.errors.contains("graft convert \(temporary.file("model.gguf")) -o DIRECTORY"))
    #expect(try !directoryEntries(temporary.path).contains("out"))
  }

  @Test func `an adapter for llama.cpp has its record beside it`() throws {
    try expectOK("convert @one --to gguf --base @base -o @one.gguf")
    let file = temporary.file("one.gguf.graft.json")
    let record = try JSONValue.parse(try readFile(file))
    #expect(record["command"] == "convert" && record["settings"]?["to"] == "gguf")
    let output = try #require(record["outputs"]?.array?.first)
    #expect(output["name"] == "one.gguf")
    #expect(output["sha256"]?.string == (try sha256(ofFile: temporary.file("one.gguf"))))
    let origins = try #require(record["ledger"]?["tensors"]?.object)
    #expect(origins.count == 8)
    let proof = try graft("verify @one.gguf")
    #expect(proof.code == 0, "\(proof.output)\(proof.errors)")
    #expect(proof.output.contains("as it was made by 'graft convert'"))
    #expect(proof.output.contains("1 file of the recorded size and hash, 8 tensors with an origin"))
    try expectAlteredIsFound("one.gguf")
    try expectOK("convert @one --to gguf --base @base -o @one.gguf --force")
    try expectOK("convert @two --to gguf --base @base -o @one.gguf --force")
    #expect(try readFile(file) != Array(record.text(.pretty).utf8) + [10])
  }

  /// One bit of a file and of its record, and no record at all.
  private func expectAlteredIsFound(_ name: String) throws {
    let path = temporary.file(name)
    var bytes = try readFile(path)
    bytes[bytes.count - 1] ^= 1
    removeTree(path)
    _ = try temporary.write(bytes, to: name)
    let changed = try graft("verify @\(name)")
    #expect(changed.code == 1)
    #expect(changed.output.contains("its size or SHA-256 differs"))
    let record = try readFile("\(path).graft.json")
    let other = String(decoding: record, as: UTF8.self).replacing(name, with: "other")
    try writeFileAtomically("\(path).graft.json", other)
    let foreign = try graft("verify @\(name)")
    #expect(foreign.code == 3)
    #expect(foreign.errors.contains("is not a record that Graft wrote"))
    removeTree("\(path).graft.json")
    let none = try graft("verify @\(name)")
    #expect(none.code == 3)
    #expect(none.errors.contains("has no \(name).graft.json to check it by"))
    removeTree(path)
  }

  @Test func `two adapters merge, verify by their own record, and come off again`() throws {
    try expectOK("merge @base @one @two -o @merged --weights 0.7,0.3 --keep-residue")
    try expectOK("verify @base @merged @one @two")
    // Other weights are another model.
    #expect(try graft("verify @base @merged @one @two --weights 1,1").code == 1)
    #expect(try graft("verify @base @merged @one").code != 0)
    try expectOK("unmerge @merged @one @two -o @back")
    for name in ["model.safetensors", "config.json", "LICENSE"] {
      #expect(
        try readFile(temporary.file("back/\(name)")) == readFile(temporary.file("base/\(name)")))
    }
    #expect(try graft("unmerge @merged @two @one -o @wrong").code == 3)
    #expect(!directoryExists(temporary.file("wrong")))
  }

  @Test func `a dry run prints every tensor's origin and writes nothing`() throws {
    let before = try directoryEntries(temporary.path)
    for words in [
      "merge @base @one @two -o @out --dry-run --json --combine cat",
      "combine @one @two -o @out --dry-run --json",
      "convert @one -o @out --to mlx --base @base --dry-run --json",
    ] {
      let result = try graft(words)
      #expect(result.code == 0, "\(words)\n\(result.errors)")
      let tensors = try #require(try JSONValue.parse(result.output)["tensors"]?.array)
      #expect(tensors.count >= 8)
      for tensor in tensors {
        let origin = tensor["origin"]?.string?.isEmpty == false
        let from = tensor["from"]?.array?.isEmpty == false
        #expect(origin || from, "\(tensor.text())")
      }
    }
    #expect(try directoryEntries(temporary.path) == before)
  }

  @Test func `a combined adapter goes through every format and merges to the same model`() throws {
    try expectOK("combine @one @two -o @both --weights 1,-0.5")
    try expectOK("merge @base @both -o @m1")
    try expectOK("convert @both -o @mlx --to mlx --base @base")
    try expectOK("merge @base @mlx -o @m2")
    try expectOK("convert @mlx -o @both.gguf --to gguf --base @base")
    try expectOK("merge @base @both.gguf -o @m3")
    try expectOK("verify @base @m3 @both.gguf")
    try expectOK("inspect @both.gguf")
    let first = try readFile(temporary.file("m1/model.safetensors"))
    for other in ["m2", "m3"] {
      #expect(try readFile(temporary.file("\(other)/model.safetensors")) == first)
    }
  }

  @Test func `what is asked for wrongly is said so`() throws {
    for (words, code) in [
      ("merge @base @one @two -o @out --combine nonsense", Int32(2)),
      ("merge @base @one @two -o @out --combine ties", 2),
      ("merge @base @one @two -o @out --weights 1", 2),
      ("combine @one @two -o @out --to onnx", 2),
      ("convert @one -o @out.gguf --to gguf", 2),
      ("extract @base @base -o @out --rank 4 --energy 0.9", 2),
      ("extract @base @base -o @out --rank 4", 1),
    ] {
      let result = try graft(words)
      #expect(result.code == code, "\(words)\n\(result.errors)")
      #expect(!directoryExists(temporary.file("out")))
    }
  }
}
