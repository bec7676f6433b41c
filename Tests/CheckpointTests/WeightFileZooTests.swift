import Checkpoint
import Diagnostics
import FileIO
import Glibc
import StrictJSON
import TensorCore
import TestSupport
import Testing

/// Real and hostile weight files, each read or refused as the real tools say.
@Suite(.enabled(if: Shared.isPresent)) struct WeightFileZooTests {
  private static let marker = "/tmp/graft-zoo-PWNED"

  @Test(arguments: [
    "base_llama_bin_f32", "base_llama_bin_sharded_bf16", "tf4_llama_bin_sharded_f32",
    "tf4_qwen2_bin_f16",
  ])
  func `every tensor of a bin model has the bytes that torch reads`(name: String) throws {
    let store = try TensorStore(directory: Shared.zoo(name))
    let file = Shared.zoo(name) + "/expected.json"
    let expected = try JSONValue.parse(try readFile(file), file: file)
    let tensors = try #require(expected["disk_tensors"]?.object)
    #expect(store.names == tensors.map(\.0).sorted())
    let scratch = try TemporaryDirectory()
    for (name, truth) in tensors {
      let source = try #require(store[name])
      #expect(source.spec.dtype.torchName == truth["dtype"]?.string)
      #expect(source.spec.shape == truth["shape"]?.array?.compactMap(\.int))
      let bytes = try scratch.write(source.bytes(), to: name)
      #expect(try sha256(ofFile: bytes) == truth["sha256"]?.string)
    }
  }

  @Test func `the bin model is the safetensors model`() throws {
    let bin = try TensorStore(directory: Shared.zoo("base_llama_bin_f32"))
    let plain = try TensorStore(directory: Shared.zoo("base_llama_f32"))
    #expect(bin.names == plain.names)
    for name in bin.names {
      #expect(try haveEqualBytes(#require(bin[name]), #require(plain[name])))
    }
  }

  @Test(arguments: [
    ("evil_bin_storage_short", "says 64"), ("evil_pickle_adapter_bin", "posix.system"),
    ("evil_pickle_binunicode8_huge", "bytes"), ("evil_pickle_build_setstate", "state"),
    ("evil_pickle_eval", "eval"), ("evil_pickle_legacy_os_system", "posix.system"),
    ("evil_pickle_stack_global", "posix.system"), ("evil_pickle_zip_os_system", "posix.system"),
    ("evil_zip_bomb_deflate", "unpack to 134217728"), ("evil_zip_slip", "outside the archive"),
  ])
  func `hostile files are refused, and nothing in them runs`(name: String, says: String) {
    unlink(Self.marker)
    let stem = fileExists(Shared.zoo(name) + "/adapter_model.bin") ? "adapter_model" : "model"
    let error = #expect(throws: GraftError.self) {
      try TensorStore(directory: Shared.zoo(name), name: stem)
    }
    #expect(error?.message.contains(says) == true, "\(error?.description ?? "")")
    #expect(!fileExists(Self.marker))
    #expect(!fileExists("/tmp/graft-zoo-SLIP"))
  }

  @Test(arguments: [
    ("bad_index_ghost_tensor", "ghost"), ("bad_index_json", "model.safetensors.index.json"),
    ("bad_index_lacks_tensor", "does not list it"), ("bad_shard_missing", "00004-of-00004"),
  ])
  func `an index that lies is refused`(name: String, says: String) {
    let error = #expect(throws: GraftError.self) {
      try TensorStore(directory: Shared.zoo(name))
    }
    #expect(error?.description.contains(says) == true, "\(error?.description ?? "")")
  }
}
