import Checkpoint
import Diagnostics
import FileIO
import Shards
import TensorCore
import TestSupport
import Testing

/// Directories made of torch.distributed.checkpoint's files.
@Suite(.enabled(if: Shared.isPresent, "needs ../shared")) struct DistributedGatheringTests {
  private func expect(_ file: String, equals truth: String) throws {
    let found = try TensorStore(file: file)
    let expected = try TensorStore(file: truth)
    #expect(found.names == expected.names)
    for name in expected.names {
      let ours = try #require(found[name])
      let theirs = try #require(expected[name])
      #expect(ours.spec == theirs.spec)
      #expect(try ours.bytes() == theirs.bytes(), "\(name)")
    }
  }

  @Test func anAdapter() throws {
    let directory = try TemporaryDirectory()
    var options = Gathering.Options()
    options.alpha = 8
    options.base = Shared.zoo("base_llama_odd_f32")
    let gathering = try Gathering(Shared.zoo("dcp_fsdp2_lora/dcp"), options)
    #expect(gathering.isAdapter)
    _ = try gathering.write(to: directory.file("out"))
    try expect(
      directory.file("out/adapter_model.safetensors"),
      equals: Shared.zoo("dcp_fsdp2_lora/expected_adapter.safetensors"))
    #expect(fileExists(directory.file("out/adapter_config.json")))
    #expect(fileExists(directory.file("out/graft.json")))
  }

  @Test(arguments: ["dcp_fsdp2_model/dcp", "dcp_hf_safetensors/dcp_hf"])
  func aModel(_ path: String) throws {
    let directory = try TemporaryDirectory()
    var options = Gathering.Options()
    options.config = Shared.zoo("base_llama_odd_f32")
    let gathering = try Gathering(Shared.zoo(path), options)
    #expect(!gathering.isAdapter)
    _ = try gathering.write(to: directory.file("out"))
    let truth = Shared.zoo(splitPath(path).parent.isEmpty ? path : splitPath(path).parent)
    try expect(
      directory.file("out/model.safetensors"), equals: "\(truth)/full_state.safetensors")
    let model = try ModelDirectory(directory.file("out"))
    #expect(model.config.architectures == ["LlamaForSequenceClassification"])
  }
}
