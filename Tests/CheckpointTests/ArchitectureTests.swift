import Checkpoint
import Diagnostics
import FileIO
import StrictJSON
import TestSupport
import Testing

@Suite struct ArchitectureTests {
  @Test func `the golden covers every family but InternLM2, whose class is not in transformers`() {
    let covered = Set(GoldenArchitecture.all.map(\.modelType))
    #expect(covered.union(["internlm2"]) == Set(Architecture.all.map(\.modelType)))
    #expect(GoldenArchitecture.all.count > 50)
  }

  @Test(arguments: GoldenArchitecture.all)
  func `a table lists what transformers saves`(_ golden: GoldenArchitecture) throws {
    let architecture = try #require(Architecture.named(golden.modelType))
    let expected = try architecture.expectedTensors(golden.config, role: golden.role)
    var found: [String: [Int]] = [:]
    for tensor in expected where !tensor.isOptional {
      #expect(found.updateValue(tensor.shape, forKey: tensor.name) == nil, "twice: \(tensor.name)")
    }
    #expect(Set(found.keys) == Set(golden.tensors.keys))
    for (name, shape) in golden.tensors { #expect(found[name] == shape, "\(name)") }
    #expect(architecture.className(for: golden.role) == golden.className)
    let optional = expected.filter(\.isOptional).map(\.name)
    #expect(optional.isEmpty == !(try golden.config.tiesEmbeddings && golden.role == .causal))
  }

  @Test(arguments: GoldenArchitecture.all.filter { $0.linear != nil })
  func `a table knows the linear layers and how they lie`(_ golden: GoldenArchitecture) throws {
    let architecture = try #require(Architecture.named(golden.modelType))
    let expected = try architecture.expectedTensors(golden.config, role: .causal)
    func modules(_ tensors: [ExpectedTensor]) -> Set<String> {
      Set(tensors.map { String($0.name.dropLast(".weight".count)) })
    }
    let weights = expected.filter { $0.name.hasSuffix(".weight") && $0.kind == .linear }
    #expect(modules(weights.filter(\.isTransposed)) == golden.transposed)
    // The output matrix is a linear layer too, under one name in memory.
    let linear = golden.linear?.subtracting(["lm_head"])
    #expect(modules(weights.filter { !$0.isTransposed }) == linear)
    for tensor in weights where !tensor.parts.isEmpty {
      let outputs = tensor.shape[tensor.isTransposed ? 1 : 0]
      #expect(tensor.parts.reduce(0) { $0 + $1.count } == outputs, "\(tensor.name)")
    }
  }

  @Test(arguments: GoldenArchitecture.all.filter { $0.role == .causal })
  func `fused experts are what transformers has in memory`(_ golden: GoldenArchitecture) throws {
    let architecture = try #require(Architecture.named(golden.modelType))
    let parameters = try architecture.expertParameters(golden.config)
    #expect(parameters.isEmpty == !architecture.hasExperts)
    for parameter in parameters {
      #expect(golden.memory[parameter.name] == parameter.shape, "\(parameter.name)")
      for names in parameter.members {
        let shapes = try names.map { try #require(golden.tensors[$0]) }
        #expect(shapes.reduce(0) { $0 + $1[0] } == parameter.shape[1])
        #expect(shapes.allSatisfy { $0[1] == parameter.shape[2] })
      }
    }
    let fused = try architecture.expectedTensors(golden.config, role: .causal, experts: .fused)
    let memory = golden.memory.filter { $0.key != "lm_head.weight" }
    for (name, shape) in memory {
      #expect(fused.contains { $0.name == name && $0.shape == shape }, "\(name)")
    }
  }

  @Test func `a configuration that asks for too many tensors is refused`() throws {
    for (key, value) in [("num_hidden_layers", 1 << 20), ("num_experts", 1 << 24)] {
      let golden = try #require(GoldenArchitecture.all.first { $0.modelType == "qwen2_moe" })
      var json = golden.config.json
      json[key] = JSONValue(value)
      let config = ModelConfig(json, file: "config.json")
      let error = #expect(throws: GraftError.self) {
        try Architecture.qwen2Moe.expectedTensors(config, role: .causal)
      }
      #expect(error?.code == .invalidConfig)
      #expect(error?.message.contains(key) == true)
      #expect(throws: GraftError.self) { try Architecture.qwen2Moe.expertParameters(config) }
    }
  }

  @Test func `absent keys are read as the family's class reads them`() throws {
    let config = ModelConfig(
      try #require(
        try JSONValue.parse(
          #"{"model_type": "gemma2", "hidden_size": 8, "num_attention_heads": 2}"#, file: "c"
        ).object), file: "c")
    #expect(try config.tiesEmbeddings)
    #expect(try config.headDimension == 256)
    #expect(throws: GraftError.self) { try config.keyValueHeadCount }
  }

  @Test(arguments: GoldenArchitecture.nested)
  func `a language model within a larger one is checked, the rest named`(
    _ golden: GoldenArchitecture
  ) throws {
    let temporary = try TemporaryDirectory()
    try golden.write(to: temporary.file("m"))
    let model = try ModelDirectory(temporary.file("m"))
    #expect(model.savedRole == .causal)
    let resolved = try model.resolve(as: .causal)
    #expect(Set(resolved.tensors.map(\.expected.name)) == Set(golden.tensors.keys))
    let other = resolved.tensors.filter { $0.expected.name.contains("vis") }
    #expect(other.count > 4)
    let finding = try #require(resolved.findings.first)
    #expect(resolved.findings.count == 1)
    #expect(finding.severity == .warning)
    #expect(finding.detail.code == .familyUnchecked)
    #expect(resolved.ledger.unchecked == [finding.detail.message])
    #expect(model.names.embeddingName.hasSuffix("model.embed_tokens.weight"))

    let lost = model.names.backbonePrefix + "layers.1.mlp.up_proj.weight"
    try golden.write(to: temporary.file("lacking"), leavingOut: [lost])
    let error = #expect(throws: GraftError.self) {
      try ModelDirectory(temporary.file("lacking")).resolve(as: .causal)
    }
    #expect(error?.code == .missingTensors)
    #expect(error?.message.contains(lost) == true)
  }

  @Test func `settings that leave a language model's sizes out are said to be unchecked`() throws {
    let temporary = try TemporaryDirectory()
    let golden = try #require(GoldenArchitecture.nested.first { $0.modelType == "gemma3" })
    try golden.write(to: temporary.file("m"))
    let sparse = #"{"model_type": "gemma3", "text_config": {"model_type": "gemma3_text"}}"#
    try writeFileAtomically(temporary.file("m/config.json"), sparse)
    let resolved = try ModelDirectory(temporary.file("m")).resolve(as: .causal)
    #expect(resolved.tensors.count == golden.tensors.count)
    #expect(resolved.findings.first?.detail.message.contains("were not checked") == true)
  }

  @Test func `a family without a table is taken by its names, and that is said`() throws {
    let temporary = try TemporaryDirectory()
    var tiny = TinyLlama()
    try tiny.config.set("model_type", #""some_new_model""#)
    try tiny.write(to: temporary.file("m"))
    let model = try ModelDirectory(temporary.file("m"))
    let resolved = try model.resolve(as: model.savedRole)
    #expect(resolved.tensors.count == tiny.tensors.count)
    #expect(resolved.ledger.unchecked.count == 1)
    #expect(resolved.findings.first?.detail.message.contains("'some_new_model'") == true)
    #expect(model.names.embeddingName == "model.embed_tokens.weight")
    #expect(model.names.outputName == "lm_head.weight")
    let head = MemorySource(
      name: "score.weight", shape: [1, 8], floats: [Float](repeating: 1, count: 8), origin: "test")
    let scored = try model.resolve(as: .sequenceClassifier(labels: 1), supplying: [head])
    #expect(scored.tensors.last?.expected.name == "score.weight")
    #expect(scored.ledger.dropped.map(\.tensor.tensor) == ["lm_head.weight"])
    #expect(
      try model.className(for: .sequenceClassifier(labels: 1)) == "LlamaForSequenceClassification")
  }

  @Test(
    .enabled(if: Shared.isPresent),
    arguments: [
      "base_gemma2_f32", "base_gpt2_f32", "base_internlm2_layout", "base_llama_bf16",
      "base_llama_bin_f32", "base_llama_bin_sharded_bf16", "base_llama_f32", "base_llama_odd_f32",
      "base_llama_odd_sharded_f32",
      "base_llama_sharded_f32", "base_llama_tied_bf16", "base_mistral_f32", "base_mixtral_bf16",
      "base_phi3_f32", "base_qwen2_f16", "base_qwen2_f32", "base_qwen3_f32", "base_qwen3_moe_f32",
      "tf4_llama_bf16", "tf4_llama_bin_sharded_f32", "tf4_mixtral_f32", "tf4_qwen2_bin_f16",
      "tf4_qwen3_moe_bf16",
    ])
  func `a real checkpoint resolves with nothing missing and nothing left`(_ name: String) throws {
    let model = try ModelDirectory(Shared.zoo(name))
    let resolved = try model.resolve(as: model.savedRole)
    #expect(model.savedRole == .causal)
    // torch.save writes a tied output matrix, too.
    let dropped = resolved.ledger.dropped
    #expect(resolved.tensors.count + dropped.count == model.store.names.count)
    #expect(dropped.allSatisfy { $0.reason == "equal to the embedding that it is tied to" })
    #expect(dropped.isEmpty || name == "tf4_qwen2_bin_f16")
  }
}
