import Checkpoint
import Diagnostics
import StrictJSON
import TorchArchive

/// The settings that a Megatron checkpoint carries along (`args`), as config.json.
struct MegatronConfig {
  private let args: PickleValue
  private let file: String

  /// Reads the `args` of a checkpoint's file; nil where it has none.
  init?(_ args: PickleValue?, file: String) {
    guard let args, args.state != nil || args.isDictionary else { return nil }
    self.args = args
    self.file = file
  }

  private func value(_ name: String) -> PickleValue? {
    guard let value = args.attribute(name) ?? args[name], !value.isNone else { return nil }
    return value
  }

  /// A whole number.
  func int(_ name: String) -> Int? { value(name)?.int }

  /// A truth value; false where there is none.
  func flag(_ name: String) -> Bool { value(name)?.bool ?? false }

  /// Refuses what changes the arithmetic in a way that the families here do not have.
  ///
  /// - Throws: ``GraftError`` that names it.
  func checkKind() throws(GraftError) {
    if let experts = int("num_experts"), experts > 0 {
      throw .megatronRefused("of a mixture of experts", file: file)
    }
    if flag("rotary_interleaved") {
      throw .megatronRefused("with interleaved rotary positions", file: file)
    }
    if flag("multi_latent_attention") {
      throw .megatronRefused("with multi-latent attention", file: file)
    }
    if let norm = value("normalization")?.string, norm != "RMSNorm" {
      throw .megatronRefused("with \(norm)", file: file)
    }
    if value("swiglu")?.bool == false {
      throw .megatronRefused("without a gated MLP", file: file)
    }
    if flag("apply_layernorm_1p") { throw .megatronRefused("with norms around 1", file: file) }
  }

  /// config.json of the family that the settings describe: Llama; Qwen 2, where queries, keys and
  /// values have biases; Qwen 3, where queries and keys have norms.
  ///
  /// - Throws: ``GraftError`` where the settings describe another, or lack something.
  func members() throws(GraftError) -> JSONObject {
    try checkKind()
    let position = value("position_embedding_type")?.string
    guard position == "rope" || flag("use_rotary_position_embeddings") else {
      throw .megatronRefused("without rotary positions", file: file)
    }
    guard !flag("add_bias_linear") else {
      throw .megatronRefused("with biases in every layer", file: file)
    }
    guard !flag("use_rope_scaling") else {
      throw .megatronLacks("how its rotary positions are scaled", file: file)
    }
    let family: Architecture =
      flag("qk_layernorm") ? .qwen3 : flag("add_qkv_bias") ? .qwen2 : .llama
    if flag("qk_layernorm"), flag("add_qkv_bias") {
      throw .megatronRefused("with both norms and biases of queries and keys", file: file)
    }
    var out = JSONObject()
    out["architectures"] = .array([.string(family.className(for: .causal))])
    out["model_type"] = .string(family.modelType)
    out["hidden_size"] = try number("hidden_size")
    out["intermediate_size"] = try number("ffn_hidden_size")
    out["num_hidden_layers"] = try number("num_layers")
    out["num_attention_heads"] = try number("num_attention_heads")
    out["num_key_value_heads"] =
      flag("group_query_attention") || int("num_query_groups") ?? 1 > 1
      ? try number("num_query_groups") : try number("num_attention_heads")
    if int("kv_channels") != nil { out["head_dim"] = try number("kv_channels") }
    out["max_position_embeddings"] = try number("max_position_embeddings")
    let epsilon = value("norm_epsilon") ?? value("layernorm_epsilon")
    guard let epsilon = epsilon?.double else {
      throw .megatronLacks("the epsilon of its norms", file: file)
    }
    out["rms_norm_eps"] = JSONValue(epsilon)
    out["rope_theta"] = JSONValue(value("rotary_base")?.double ?? 10_000)
    out["hidden_act"] = "silu"
    out["tie_word_embeddings"] = .bool(!flag("untie_embeddings_and_output_weights"))
    out["vocab_size"] =
      int("vocab_size") != nil ? try number("vocab_size") : try number("padded_vocab_size")
    return out
  }

  private func number(_ name: String) throws(GraftError) -> JSONValue {
    guard let number = int(name), number > 0 else {
      throw .megatronLacks("its \(name)", file: file)
    }
    return JSONValue(number)
  }
}
