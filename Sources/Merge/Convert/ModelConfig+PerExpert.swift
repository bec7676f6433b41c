import Checkpoint
import StrictJSON

extension ModelConfig {
  /// The members as transformers 4 reads them, which knows experts one by one only; transformers 5
  /// reads them too.
  ///
  /// transformers 5 calls the number of experts of Qwen3-MoE `num_local_experts` and keeps the base
  /// of the rotary positions in `rope_parameters`; where transformers 4 finds `num_experts` and
  /// `rope_theta` missing, it takes its defaults and says nothing.
  ///
  /// Sources: transformers 4.57 and 5.23, `configuration_qwen3_moe.py`.
  var readableByTransformers4: JSONObject {
    var members = json
    let renamed = [Architecture.qwen2Moe.modelType, Architecture.qwen3Moe.modelType]
    if renamed.contains(modelType ?? ""), members["num_experts"] == nil,
      let count = members["num_local_experts"]
    {
      members["num_local_experts"] = nil
      members["num_experts"] = count
    }
    if let rope = members["rope_parameters"]?.object, let theta = rope["rope_theta"] {
      if members["rope_theta"] == nil { members["rope_theta"] = theta }
      if members["rope_scaling"] == nil, let type = rope["rope_type"], type != "default" {
        var scaling = rope
        scaling["rope_theta"] = nil
        members["rope_scaling"] = .object(scaling)
      }
    }
    return members
  }
}
