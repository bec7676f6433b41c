import Adapters
import Checkpoint
import Diagnostics
import FileIO
import TensorCore
import TestSupport
import Testing

/// Adapters made up here, each with one thing changed.
@Suite struct AdapterPlanTests {
  private let directory: TemporaryDirectory
  private let base = TinyLlama().tensors.map {
    TensorSpec(name: $0.name, dtype: .f32, shape: $0.shape)
  }

  init() throws { directory = try TemporaryDirectory() }

  private func plan(
    _ adapter: TinyAdapter, base: [TensorSpec]? = nil
  ) throws -> AdapterPlan {
    let path = directory.file("adapter")
    removeTree(path)
    try adapter.write(to: path)
    return AdapterPlan(try Adapter(path), base: base ?? self.base)
  }

  private func codes(_ plan: AdapterPlan) -> [GraftError.Code] {
    plan.findings.filter { $0.severity == .problem }.map(\.detail.code)
  }

  @Test func everyTensorLands() throws {
    let plan = try plan(TinyAdapter())
    try plan.check()
    #expect(
      plan.changes.keys.sorted() == [
        "model.layers.0.self_attn.q_proj.weight", "model.layers.0.self_attn.v_proj.weight",
        "model.layers.1.self_attn.q_proj.weight", "model.layers.1.self_attn.v_proj.weight",
      ])
    #expect(plan.lowRankDeltas.allSatisfy { $0.scale == 2 && $0.rank == 2 })
    #expect(Array(plan.replacements.keys) == ["score.weight"])
    #expect(plan.additions == ["score.weight"])
    #expect(try plan.auditValues().isEmpty)
  }

  @Test(arguments: [
    "base_model.model._orig_mod.model.", "_orig_mod.base_model.model.model.",
    "module.base_model.model.model.", "module.module.model.", "model.", "",
    "pretrained_model.base_model.model.model.", "base_model.model._fsdp_wrapped_module.model.",
    "base_model.model.", "base_model.model.model._checkpoint_wrapped_module.",
  ])
  func wrapperPrefixesAreSeenThrough(prefix: String) throws {
    var adapter = TinyAdapter()
    adapter.rename { name in
      name.contains("score") ? name : prefix + name.dropFirst("base_model.model.model.".count)
    }
    let plan = try plan(adapter)
    try plan.check()
    #expect(plan.changes.count == 4)
  }

  @Test func wrappersInsideLayersAreSeenThrough() throws {
    var adapter = TinyAdapter()
    adapter.rename {
      $0.replacing("layers.0.", with: "layers.0._checkpoint_wrapped_module.")
        .replacing("lora_A.weight", with: "lora_A.default.weight")
        .replacing("lora_B.weight", with: "lora_B.default.weight")
        .replacing("score.weight", with: "score.modules_to_save.default.weight")
    }
    try plan(adapter).check()
  }

  @Test func untrainedCopiesAreLeftOut() throws {
    var adapter = TinyAdapter()
    adapter.tensors.append(
      TensorFixture("base_model.model.score.original_module.weight", [1, 8], seed: 3))
    let plan = try plan(adapter)
    try plan.check()
    #expect(plan.ignored == ["base_model.model.score.original_module.weight"])
  }

  @Test func aBackboneBaseIsMatchedToo() throws {
    let bare = base.filter { $0.name != "lm_head.weight" }.map {
      TensorSpec(name: String($0.name.dropFirst("model.".count)), dtype: .f32, shape: $0.shape)
    }
    let plan = try plan(TinyAdapter(), base: bare)
    try plan.check()
    #expect(plan.changes["layers.0.self_attn.q_proj.weight"] != nil)
  }

  @Test func severalCandidatesAreAnError() throws {
    let twice =
      base
      + base.map {
        TensorSpec(name: "other." + $0.name, dtype: .f32, shape: $0.shape)
      }
    var adapter = TinyAdapter()
    adapter.rename { $0.replacing("base_model.model.model.", with: "") }
    #expect(codes(try plan(adapter, base: twice)).contains(.adapterMismatch))
  }

  @Test func aMissingLayerIsNamed() throws {
    var adapter = TinyAdapter()
    adapter.tensors.removeAll { $0.name.contains("layers.1.self_attn.v_proj") }
    let plan = try plan(adapter)
    #expect(codes(plan) == [.incompleteAdapter])
    #expect(plan.findings[0].detail.message.contains("model.layers.1.self_attn.v_proj.weight"))
  }

  @Test func halfAPairIsNamed() throws {
    var adapter = TinyAdapter()
    adapter.tensors.removeAll { $0.name.contains("layers.1.self_attn.v_proj.lora_B") }
    #expect(codes(try plan(adapter)) == [.incompleteAdapter])
  }

  @Test func anEmptyTensorIsNamedWithItsRemedy() throws {
    var adapter = TinyAdapter()
    adapter.tensors[1] = TensorFixture(adapter.tensors[1].name, [0], [])
    let error = try #require(try plan(adapter).findings.first?.detail)
    #expect(error.code == .emptyAdapter)
    #expect(error.remedy?.contains("ZeRO-3") == true)
  }

  @Test func aLayerBeyondTheBaseIsNamed() throws {
    var adapter = TinyAdapter()
    adapter.rename { $0.replacing("layers.1.", with: "layers.7.") }
    #expect(codes(try plan(adapter)).contains(.adapterMismatch))
    #expect(codes(try plan(adapter)).contains(.incompleteAdapter))
  }

  @Test func aModuleNotTargetedIsAProblem() throws {
    var adapter = TinyAdapter()
    try adapter.config.set("target_modules", #"["q_proj"]"#)
    #expect(Set(codes(try plan(adapter))) == [.adapterMismatch])
  }

  @Test func anotherRankInTheConfigIsAProblem() throws {
    var adapter = TinyAdapter()
    try adapter.config.set("r", "4")
    #expect(Set(codes(try plan(adapter))) == [.adapterShape])
  }

  @Test func patternsDecideRankAndScaleOfSingleModules() throws {
    var adapter = TinyAdapter()
    try adapter.config.set("r", "9")
    try adapter.config.set("rank_pattern", #"{"q_proj": 2, "layers\\.[01]\\..*v_proj": 2}"#)
    try adapter.config.set("alpha_pattern", #"{"^model.layers.0.self_attn.q_proj": 10}"#)
    let plan = try plan(adapter)
    try plan.check()
    #expect(plan.changes["model.layers.0.self_attn.q_proj.weight"]?.first?.lowRank?.scale == 5)
    #expect(plan.changes["model.layers.1.self_attn.q_proj.weight"]?.first?.lowRank?.scale == 2)
  }

  @Test func patternsThatDisagreeAreAProblem() throws {
    var adapter = TinyAdapter()
    try adapter.config.set("alpha_pattern", #"{"q_proj": 1, "self_attn.q_proj": 2}"#)
    #expect(codes(try plan(adapter)).contains(.invalidAdapterConfig))
  }

  @Test func aPatternThatCannotBeReadIsAProblem() throws {
    var adapter = TinyAdapter()
    try adapter.config.set("target_modules", #""(unclosed""#)
    #expect(codes(try plan(adapter)) == [.invalidAdapterConfig])
  }

  @Test func layersToTransformLimitsWhatIsExpected() throws {
    var adapter = TinyAdapter()
    try adapter.config.set("layers_to_transform", "1")
    #expect(codes(try plan(adapter)).contains(.adapterMismatch))
    adapter.tensors.removeAll { $0.name.contains("layers.0") }
    try plan(adapter).check()
  }

  @Test func aHeadThatWasNotSavedIsAProblem() throws {
    var adapter = TinyAdapter()
    adapter.tensors.removeAll { $0.name.contains("score") }
    let problems = try plan(adapter).findings.map(\.detail)
    #expect(problems.map(\.code) == [.incompleteAdapter])
    #expect(problems[0].message.contains("score"))
  }

  @Test func aPairOnAHeadThatNobodyHasIsAProblem() throws {
    var adapter = TinyAdapter(head: false)
    adapter.tensors.append(TensorFixture("base_model.model.score.lora_A.weight", [2, 8]))
    adapter.tensors.append(TensorFixture("base_model.model.score.lora_B.weight", [1, 2]))
    try adapter.config.set("target_modules", #"["q_proj", "v_proj", "score"]"#)
    let problem = try #require(try plan(adapter).findings.first?.detail)
    #expect(problem.remedy?.contains("random") == true)
  }

  @Test func aReplacementThatIsNotDeclaredIsAProblem() throws {
    var adapter = TinyAdapter(head: false)
    adapter.tensors.append(TensorFixture("base_model.model.model.norm.weight", [8]))
    #expect(codes(try plan(adapter)) == [.adapterMismatch])
  }

  @Test func anEmbeddingThatIsNotDeclaredReplacesTheBasesWithAWarning() throws {
    var adapter = TinyAdapter(head: false)
    adapter.tensors.append(TensorFixture("base_model.model.lm_head.weight", [16, 8]))
    let plan = try plan(adapter)
    #expect(plan.findings.map(\.severity) == [.warning])
    #expect(plan.replacements.keys.sorted() == ["lm_head.weight"])
  }

  @Test func aResizedReplacementIsAProblem() throws {
    var adapter = TinyAdapter(head: false)
    try adapter.config.set("modules_to_save", #"["lm_head"]"#)
    adapter.tensors.append(TensorFixture("base_model.model.lm_head.weight", [17, 8]))
    #expect(codes(try plan(adapter)) == [.adapterShape])
  }

  @Test func anotherBaseIsAProblem() throws {
    let wider = base.map { TensorSpec(name: $0.name, dtype: .f32, shape: $0.shape.map { $0 + 1 }) }
    #expect(Set(codes(try plan(TinyAdapter(), base: wider))) == [.adapterShape])
  }

  @Test func twoTensorsForOnePlaceAreAProblem() throws {
    var adapter = TinyAdapter()
    adapter.tensors.append(
      TensorFixture("model.layers.0.self_attn.q_proj.lora_A.weight", [2, 8], seed: 9))
    #expect(codes(try plan(adapter)) == [.adapterMismatch])
  }

  // MARK: - Values

  @Test func zeroBIsReportedAsNoEffect() throws {
    var adapter = TinyAdapter()
    for i in adapter.tensors.indices where adapter.tensors[i].name.contains("lora_B") {
      adapter.tensors[i].values = adapter.tensors[i].values.map { _ in 0 }
    }
    let findings = try plan(adapter).auditValues()
    #expect(findings.map(\.detail.code) == [.noEffect])
  }

  @Test func halfZeroRowsAreAProblem() throws {
    var adapter = TinyAdapter()
    let i = try #require(adapter.tensors.firstIndex { $0.name.contains("q_proj.lora_B") })
    for k in 8..<16 { adapter.tensors[i].values[k] = 0 }
    let findings = try plan(adapter).auditValues()
    #expect(findings.map(\.detail.code) == [.zeroRows])
    #expect(findings[0].severity == .problem)
    #expect(findings[0].detail.message == "4 of 8 rows are zero")
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func nonFiniteValuesAreAProblem(value: Float) throws {
    var adapter = TinyAdapter()
    adapter.tensors[0].values[3] = value
    #expect(try plan(adapter).auditValues().map(\.detail.code) == [.nonFinite])
  }
}
