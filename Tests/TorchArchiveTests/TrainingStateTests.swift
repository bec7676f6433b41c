import Diagnostics
import FileIO
import TensorCore
import TestSupport
import Testing
import TorchArchive

/// Files of training runs: objects of many classes around the tensors, all read as data.
@Suite(.enabled(if: Shared.isPresent, "needs ../shared")) struct TrainingStateTests {
  private static func files(under folder: String, ending suffixes: [String]) -> [String] {
    ((try? directoryEntries(folder)) ?? []).flatMap { name -> [String] in
      let path = "\(folder)/\(name)"
      if directoryExists(path) { return files(under: path, ending: suffixes) }
      return suffixes.contains { name.hasSuffix($0) } ? [path] : []
    }
  }

  @Test func everyFileOfRealRunsOpens() throws {
    let files = Self.files(under: Shared.zoo(""), ending: [".pt", "training_args.bin"])
    #expect(files.count > 25)
    for file in files { #expect(!(try TorchFile(file)).root.isNone, "\(file)") }
  }

  @Test func anOptimizerStateIsDataAndTensors() throws {
    let step = "ds_z2_bf16/ckpt/global_step3/bf16_zero_pp_rank_1_mp_rank_00_optim_states.pt"
    let file = try TorchFile(Shared.zoo(step))
    let state = try #require(file.root["optimizer_state_dict"])
    let stage = try #require(state["zero_stage"])
    #expect((stage.int ?? stage.arguments?.first?.int) == 2)
    let scaler = try #require(state["loss_scaler"])
    #expect(scaler.type?.name == "LossScaler")
    #expect(scaler.attribute("cur_scale")?.double == 1)
    let partition = try #require(state["single_partition_of_fp32_groups"]?.elements?.first?.tensor)
    #expect(try file.spec(of: partition, named: "partition").dtype == .f32)
    let mappings = try #require(state["param_slice_mappings"]?.elements?.first?.entries)
    let fragment = try #require(mappings.first?.value)
    #expect(fragment.type?.name == "fragment_address")
    #expect(fragment.attribute("numel")?.int != nil)
  }

  @Test func aDistributedCheckpointIsReadByItsMetadata() throws {
    let folder = Shared.zoo("dcp_fsdp2_model/dcp")
    let metadata = try PickleValue.read("\(folder)/.metadata")
    #expect(metadata.type?.name == "Metadata")
    let tensors = try #require(metadata.attribute("state_dict_metadata")?.entries)
    #expect(!tensors.isEmpty)
    var read = 0
    for (index, storage) in try #require(metadata.attribute("storage_data")?.entries) {
      let name = try #require(index.attribute("fqn")?.string)
      let path = try #require(storage.attribute("relative_path")?.string)
      let start = try #require(storage.attribute("offset")?.int)
      let length = try #require(storage.attribute("length")?.int)
      let object = try TorchFile(MappedFile("\(folder)/\(path)"), in: start..<start + length)
      guard let tensor = object.root.tensor else { continue }
      #expect(try object.spec(of: tensor, named: name).shape == tensor.shape)
      read += 1
    }
    #expect(read >= tensors.count)
  }
}
