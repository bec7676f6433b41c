import Checkpoint
import Diagnostics
import FileIO
import StrictJSON
import TensorCore
import TestSupport
import Testing

@Suite struct ModelDirectoryTests {
  let temporary: TemporaryDirectory

  init() throws { temporary = try TemporaryDirectory() }

  private func model(_ change: (inout TinyLlama) -> Void = { _ in }) throws -> ModelDirectory {
    var tiny = TinyLlama()
    change(&tiny)
    try tiny.write(to: temporary.file("m"))
    return try ModelDirectory(temporary.file("m"))
  }

  @Test func `a whole model resolves as what it is`() throws {
    let model = try model()
    #expect(model.savedRole == .causal)
    let resolved = try model.resolve(as: .causal)
    #expect(resolved.tensors.count == 21)
    #expect(resolved.ledger.dropped.isEmpty)
  }

  @Test func `a missing tensor is named`() throws {
    let model = try model { tiny in
      tiny.tensors.removeAll { $0.name == "model.layers.1.mlp.up_proj.weight" }
    }
    let error = #expect(throws: GraftError.self) { try model.resolve(as: .causal) }
    #expect(error?.code == .missingTensors)
    #expect(error?.message.contains("model.layers.1.mlp.up_proj.weight") == true)
  }

  @Test func `a tensor without a place is named`() throws {
    let model = try model { $0.tensors.append(TensorFixture("v_head.summary.weight", [1, 8])) }
    let error = #expect(throws: GraftError.self) { try model.resolve(as: .causal) }
    #expect(error?.code == .unexpectedTensors)
    #expect(error?.message.contains("v_head.summary.weight") == true)
  }

  @Test func `a config that contradicts the tensors is refused`() throws {
    let model = try model { $0.tensors[0] = TensorFixture("model.embed_tokens.weight", [17, 8]) }
    let error = #expect(throws: GraftError.self) { try model.resolve(as: .causal) }
    #expect(error?.code == .shapeMismatch)
    #expect(error?.message.contains("[17, 8]") == true)
  }

  @Test func `a classifier needs a head, and leaves the output matrix out`() throws {
    let model = try model()
    let role = ModelRole.sequenceClassifier(labels: 1)
    let error = #expect(throws: GraftError.self) { try model.resolve(as: role) }
    #expect(error?.code == .missingTensors)
    #expect(error?.message.contains("score.weight") == true)
    let head = MemorySource(
      name: "score.weight", shape: [1, 8], floats: [Float](repeating: 1, count: 8), origin: "test")
    let resolved = try model.resolve(as: role, supplying: [head], how: "given")
    #expect(resolved.tensors.last?.expected.name == "score.weight")
    #expect(resolved.ledger.dropped.map(\.tensor.tensor) == ["lm_head.weight"])
  }

  @Test func `a tied copy is dropped if equal and refused if not`() throws {
    for isEqual in [true, false] {
      let directory = temporary.file(isEqual ? "equal" : "other")
      var tiny = TinyLlama()
      try tiny.config.set("tie_word_embeddings", "true")
      if isEqual {
        tiny.tensors[tiny.tensors.count - 1] = TensorFixture(
          "lm_head.weight", [16, 8], tiny.tensors[0].values)
      }
      try tiny.write(to: directory)
      let model = try ModelDirectory(directory)
      if isEqual {
        #expect(try model.resolve(as: .causal).ledger.dropped.count == 1)
      } else {
        let error = #expect(throws: GraftError.self) { try model.resolve(as: .causal) }
        #expect(error?.code == .tiedButDifferent)
      }
    }
  }

  @Test func `names without the prefix serve every role`() throws {
    let model = try model { tiny in
      for i in tiny.tensors.indices where tiny.tensors[i].name.hasPrefix("model.") {
        tiny.tensors[i].name = String(tiny.tensors[i].name.dropFirst("model.".count))
      }
    }
    let names = try model.resolve(as: .causal).tensors.map(\.expected.name)
    #expect(names.contains("model.layers.0.self_attn.q_proj.weight"))
  }

  @Test func `tensors come in the order of the files`() throws {
    let model = try model { $0.tensors.reverse() }
    let resolved = try model.resolve(as: .causal).tensors.map(\.source.spec.name)
    #expect(resolved == model.store.inFileOrder.map(\.spec.name))
    #expect(resolved.first == "lm_head.weight" || resolved.first == "model.norm.weight")
  }
}
