import TestSupport
import Testing

@testable import Adapters

/// Names as the programs that wrap models write them.
@Suite struct AdapterKeyTests {
  static let q = "model.layers.0.self_attn.q_proj"

  @Test(
    arguments: [
      ("base_model.model.\(q).lora_A.weight", q, AdapterFactor.loraA, nil),
      ("base_model.model.\(q).lora_B.default.weight", q, .loraB, "default"),
      ("base_model.model.\(q).lora_B.reward.bias", q, .loraBBias, "reward"),
      ("\(q).lora_A.weight", q, .loraA, nil),
      ("module.base_model.model.\(q).lora_A.weight", q, .loraA, nil),
      ("_orig_mod.base_model.model.\(q).lora_A.weight", q, .loraA, nil),
      (
        "base_model.model._fsdp_wrapped_module.model.layers.0._fsdp_wrapped_module."
          + "_checkpoint_wrapped_module.self_attn.q_proj.lora_A.default.weight", q, .loraA,
        "default"
      ),
      ("pretrained_model.base_model.model.\(q).lora_A.weight", q, .loraA, nil),
      ("base_model.model.\(q).lora_magnitude_vector", q, .magnitude, nil),
      ("base_model.model.\(q).lora_magnitude_vector.default", q, .magnitude, "default"),
      ("base_model.model.\(q).lora_magnitude_vector.default.weight", q, .magnitude, "default"),
      ("base_model.model.embed_tokens.lora_embedding_A", "embed_tokens", .embeddingA, nil),
      ("base_model.model.embed_tokens.lora_embedding_B.x", "embed_tokens", .embeddingB, "x"),
      ("base_model.model.wte.token_adapter.trainable_tokens_delta", "wte", .tokens, nil),
      ("base_model.model.wte.token_adapter.trainable_tokens_delta.a", "wte", .tokens, "a"),
      ("base_model.model.wte.trainable_tokens_delta", "wte", .tokens, nil),
      ("base_model.vera_A", "", .veraA, nil), ("base_model.vera_B.default", "", .veraB, "default"),
      ("base_model.model.\(q).hada_w1_a.default", q, .hadaW1A, "default"),
      ("base_model.model.\(q).lokr_w2", q, .lokrW2, nil),
      ("base_model.model.\(q).ia3_l", q, .ia3, nil),
      ("base_model.model.\(q).oft_R.default.weight", q, .oftR, "default"),
    ] as [(String, String, AdapterFactor, String?)])
  func `a factor's name is taken apart`(
    name: String, module: String, factor: AdapterFactor, adapter: String?
  ) {
    let key = AdapterKey(name)
    #expect(key.module == module)
    #expect(key.part == .factor(factor))
    #expect(key.adapter == adapter)
  }

  @Test(
    arguments: [
      ("base_model.model.score.weight", "score", AdapterKey.Part.parameter("weight")),
      (
        "base_model.model.score.modules_to_save.default.weight", "score", .savedParameter("weight")
      ),
      ("base_model.model.score.original_module.weight", "score", .original),
      ("base_model.model.\(q).base_layer.bias", q, .baseParameter("bias")),
      ("base_model.model.wte.token_adapter.base_layer.weight", "wte", .original),
    ] as [(String, String, AdapterKey.Part)])
  func `a whole parameter's name is taken apart`(
    name: String, module: String, part: AdapterKey.Part
  ) {
    let key = AdapterKey(name)
    #expect(key.module == module)
    #expect(key.part == part)
  }

  @Test(arguments: [
    ("language_model.model.layers.0.q.weight", "model.language_model.layers.0.q.weight"),
    ("model.language_model.layers.0.q.weight", "language_model.model.layers.0.q.weight"),
    ("model.layers.0.q.weight", "model.language_model.layers.0.q.weight"),
    ("model.language_model.layers.0.q.weight", "model.layers.0.q.weight"),
    ("model.layers.0.mlp.gate.weight", "model.layers.0.block_sparse_moe.gate.weight"),
  ])
  func `nestings of vision-language models and of mixtures are the same weight`(
    adapter: String, base: String
  ) {
    let names = BaseNames([base, "model.visual.encoder.layers.0.q.weight", "lm_head.weight"])
    guard case .one(let found, _) = names.match(adapter) else {
      Issue.record("\(names.match(adapter))")
      return
    }
    #expect(found == base)
  }
}
