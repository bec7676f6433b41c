import Checkpoint
import FileIO
import TestSupport
import Testing

/// The commands on `.bin` models and adapters that the real tools wrote.
@Suite(.enabled(if: GraftCommand.isPresent && Shared.isPresent, "needs the program, ../shared"))
struct TorchFilesTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  @Test(arguments: [
    "base_llama_bin_f32", "base_llama_bin_sharded_bf16", "tf4_llama_bin_sharded_f32",
    "tf4_qwen2_bin_f16",
  ])
  func aBinModelIsInspectedAndConverted(name: String) throws {
    #expect(try GraftCommand.run(["inspect", Shared.zoo(name)]).code == 0)
    let result = try GraftCommand.run(
      ["convert", Shared.zoo(name), "-o", directory.file("out")])
    #expect(result.code == 0, "\(result.errors)")
    let before = try TensorStore(directory: Shared.zoo(name))
    let after = try TensorStore(directory: directory.file("out"))
    #expect(after.files.allSatisfy { $0.hasSuffix(".safetensors") })
    #expect(before.names == after.names)
    for name in before.names {
      #expect(try haveEqualBytes(#require(before[name]), #require(after[name])))
    }
    let provenance = String(decoding: try readFile(directory.file("out/graft.json")), as: UTF8.self)
    #expect(provenance.contains(".bin\""))
  }

  @Test func aBinAdapterMergesIntoABinModel() throws {
    let adapter = Shared.zoo("lora_bin/adapter")
    for (base, output) in [("base_llama_bin_f32", "a"), ("base_llama_f32", "b")] {
      let result = try GraftCommand.run(
        ["merge", Shared.zoo(base), adapter, "-o", directory.file(output)])
      #expect(result.code == 0, "\(result.errors)")
    }
    let (a, b) = ("a/model.safetensors", "b/model.safetensors")
    #expect(try readFile(directory.file(a)) == readFile(directory.file(b)))
    let verdict = try GraftCommand.run(
      ["verify", Shared.zoo("base_llama_bin_f32"), directory.file("a"), adapter])
    #expect(verdict.code == 0, "\(verdict.output)\(verdict.errors)")
  }

  @Test func aHostileAdapterIsRefusedAndNothingRuns() throws {
    let result = try GraftCommand.run(["inspect", Shared.zoo("evil_pickle_adapter_bin")])
    #expect(result.code == 3)
    #expect((result.output + result.errors).contains("posix.system"))
    #expect(!fileExists("/tmp/graft-zoo-PWNED"))
  }
}
