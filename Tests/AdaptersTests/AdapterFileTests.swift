import Adapters
import Checkpoint
import Diagnostics
import FileIO
import TensorCore
import TestSupport
import Testing

@Suite struct AdapterFileTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  @Test func aFileWithoutTensorsIsRefused() throws {
    var adapter = TinyAdapter()
    adapter.tensors = []
    try adapter.write(to: directory.path + "/a")
    #expect(throws: GraftError.self) { try Adapter(directory.path + "/a") }
    do {
      _ = try Adapter(directory.path + "/a")
    } catch {
      #expect(error.code == .emptyAdapter)
    }
  }

  @Test func brokenPickledWeightsAreRefused() throws {
    _ = try directory.write(Array(#"{"peft_type": "LORA"}"#.utf8), to: "adapter_config.json")
    _ = try directory.write([0x80, 2], to: "adapter_model.bin")
    let error = #expect(throws: GraftError.self) { try Adapter(directory.path) }
    #expect(error?.file?.hasSuffix("adapter_model.bin") == true)
  }

  @Test func aNamedAdapterIsFoundBelow() throws {
    try TinyAdapter().write(to: directory.path + "/outer/mine")
    let error = #expect(throws: GraftError.self) { try Adapter(directory.path + "/outer") }
    #expect(error?.remedy?.contains("outer/mine") == true)
  }

  @Test func aMissingConfigurationIsNamed() throws {
    try TinyAdapter().write(to: directory.path + "/a")
    removeTree(directory.path + "/a/adapter_config.json")
    let error = #expect(throws: GraftError.self) { try Adapter(directory.path + "/a") }
    #expect(error?.code == .invalidAdapterConfig)
  }

  @Test func aPathThatIsNotThereIsNamed() {
    let error = #expect(throws: GraftError.self) { try Adapter("/nowhere/at/all") }
    #expect(error?.code == .notFound)
  }

  @Test func whatIsWrittenReadsBack() throws {
    let output = try OutputDirectory(directory.file("written"))
    let config = AdapterConfig(
      rank: 2, alpha: 3, targetModules: ["q_proj"], modulesToSave: ["score"], taskType: "SEQ_CLS",
      baseModel: "base")
    let names = AdapterWriter.names(for: "model.layers.0.self_attn.q_proj.weight")
    let made = [
      TensorFixture(names.b, [4, 2]), TensorFixture(names.a, [2, 6]),
      TensorFixture(AdapterWriter.replacementName(for: "score.weight"), [1, 6]),
    ]
    try AdapterWriter.write(
      config: config,
      tensors: made.map {
        (TensorSpec(name: $0.name, dtype: .f32, shape: $0.shape), $0.bytes(.f32))
      }, to: output)
    try output.commit()
    let adapter = try Adapter(directory.file("written"))
    #expect(adapter.config.alpha == 3)
    #expect(adapter.config.baseModel == "base")
    #expect(adapter.store.names == made.map(\.name).sorted())
    for tensor in made { #expect(try adapter.store[tensor.name]?.floats() == tensor.values) }
  }
}
