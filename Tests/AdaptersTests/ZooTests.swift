import Adapters
import Checkpoint
import Diagnostics
import StrictJSON
import TestSupport
import Testing

/// Real adapters, made by the programs that their folders' README files name.
@Suite(.enabled(if: Shared.isPresent, "needs ../shared")) struct ZooTests {
  private func plan(_ adapter: String, _ base: String) throws -> AdapterPlan {
    let store = try TensorStore(directory: Shared.zoo(base))
    return AdapterPlan(try Adapter(Shared.zoo(adapter)), base: store.inFileOrder.map(\.spec))
  }

  @Test(arguments: [
    ("lora_plain_llama/adapter", "base_llama_f32", 14),
    ("lora_plain_llama/adapter", "base_llama_sharded_f32", 14),
    ("lora_rslora/adapter", "base_llama_f32", 14),
    ("lora_patterns/adapter", "base_llama_f32", 14),
    ("lora_regex_target/adapter", "base_llama_f32", 3),
    ("lora_alpha_float_r1/adapter", "base_llama_f32", 4),
    ("lora_layers_to_transform/adapter", "base_llama_f32", 2),
    ("lora_bf16_adapter/adapter", "base_llama_bf16", 14),
    ("lora_all_linear/adapter", "base_qwen3_f32", 14),
    ("lora_mistral/adapter", "base_mistral_f32", 14),
    ("lora_plain_mixtral_attn/adapter", "base_mixtral_bf16", 8),
    ("tf4_lora_mixtral_experts/adapter", "tf4_mixtral_f32", 28),
    ("lora_bias_all/adapter", "base_qwen2_f32", 6),
    ("lora_bias_lora_only/adapter", "base_qwen2_f32", 4),
    ("prefix_from_AutoModel/adapter", "base_llama_f32", 6),
    ("prefix_from_AutoModelForCausalLM/adapter", "base_llama_f32", 6),
    ("prefix_from_AutoModelForSequenceClassification/adapter", "base_llama_f32", 6),
    ("rm_peft_seqcls/adapter", "base_llama_f32", 6),
    ("rm_num_labels2/adapter", "base_llama_f32", 6),
    ("rm_causallm_tasktype/adapter", "base_llama_f32", 6),
    ("rm_score_lora_seqcls/adapter", "base_llama_f32", 2),
    ("ok_adapter_unknown_config_keys", "base_llama_f32", 14),
  ])
  func goodAdaptersLandWhole(adapter: String, base: String, pairs: Int) throws {
    let plan = try plan(adapter, base)
    try plan.check()
    #expect(plan.changes.count == pairs)
    #expect(
      plan.changes.count * 2 + plan.replacements.count + plan.ignored.count
        == plan.adapter.store.names.count)
    #expect(try plan.auditValues().filter { $0.severity == .problem }.isEmpty)
  }

  @Test(arguments: [
    ("bad_adapter_layer_not_in_base", "base_llama_f32", GraftError.Code.adapterMismatch),
    ("bad_adapter_more_layers", "base_llama_f32", .adapterMismatch),
    ("bad_adapter_other_base", "base_llama_odd_f32", .adapterShape),
    ("bad_adapter_rank_mismatch", "base_llama_f32", .adapterShape),
    ("bad_adapter_unknown_peft_type", "base_llama_f32", .unsupportedAdapter),
    ("rm_peft_score_dropped/adapter", "base_llama_f32", .incompleteAdapter),
    ("rm_score_lora_no_mts/adapter", "base_llama_f32", .adapterMismatch),
    ("rm_score_all_linear_no_tasktype/adapter", "base_llama_f32", .adapterMismatch),
    ("lora_mts_resized_llama/adapter", "base_llama_f32", .adapterShape),
    ("lora_lora_bias_nobase/adapter", "base_llama_f32", .adapterMismatch),
    ("lora_pissa/adapter", "base_llama_f32", .unsupportedAdapter),
    ("ds_z3_lora_bf16/broken_save_pretrained", "base_llama_f32", .emptyAdapter),
  ])
  func badAdaptersAreRefused(adapter: String, base: String, code: GraftError.Code) throws {
    let problems = try plan(adapter, base).findings.filter { $0.severity == .problem }
    #expect(problems.contains { $0.detail.code == code }, "\(problems.map(\.detail.description))")
  }

  @Test(arguments: [
    ("bad_adapter_config_json", GraftError.Code.invalidJSON),
    ("bad_adapter_config_missing", .invalidAdapterConfig),
    ("bad_empty_adapter_40bytes", .emptyAdapter),
    ("wrap_torch_compile/adapter", .emptyAdapter),
    ("wrap_activation_ckpt/adapter", .emptyAdapter),
    ("evil_pickle_adapter_bin", GraftError.Code("unsafe-pickle", .input)),
  ])
  func brokenAdaptersDoNotOpen(adapter: String, code: GraftError.Code) throws {
    let error = #expect(throws: GraftError.self) { try Adapter(Shared.zoo(adapter)) }
    #expect(error?.code == code)
  }

  @Test func pickledWeightsAreReadLikeOthers() throws {
    let plan = try plan("lora_bin/adapter", "base_llama_f32")
    try plan.check()
    #expect(try plan.auditValues().isEmpty)
  }

  @Test func anUntrainedAdapterIsReported() throws {
    let plan = try plan("lora_b_zero/adapter", "base_llama_f32")
    try plan.check()
    #expect(try plan.auditValues().map(\.detail.code) == [.noEffect])
  }

  @Test func notANumberIsReported() throws {
    let plan = try plan("bad_values_nan", "base_llama_f32")
    #expect(try plan.auditValues().map(\.detail.code) == [.nonFinite])
  }
}
