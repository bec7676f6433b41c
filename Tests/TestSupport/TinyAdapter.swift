import FileIO

/// A LoRA adapter of rank 2 and alpha 4 on q_proj and v_proj of ``TinyLlama``, with a trained head.
public struct TinyAdapter {
  /// The tensors.
  public var tensors: [TensorFixture]
  /// adapter_config.json.
  public var config: JSONObjectFixture

  /// Creates the adapter, with or without a trained head.
  public init(head: Bool = true) {
    var tensors: [TensorFixture] = []
    for layer in 0..<2 {
      for (name, out) in [("q_proj", 8), ("v_proj", 4)] {
        let module = "base_model.model.model.layers.\(layer).self_attn.\(name)"
        tensors.append(TensorFixture("\(module).lora_A.weight", [2, 8]))
        tensors.append(TensorFixture("\(module).lora_B.weight", [out, 2], scale: 0.1))
      }
    }
    if head { tensors.append(TensorFixture("base_model.model.score.weight", [1, 8])) }
    self.tensors = tensors
    config = JSONObjectFixture(
      """
      {"peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": ["q_proj", "v_proj"],
       "task_type": \(head ? #""SEQ_CLS""# : #""CAUSAL_LM""#),
       "modules_to_save": \(head ? #"["score"]"# : "null")}
      """)
  }

  /// Writes adapter_config.json and adapter_model.safetensors into a new directory.
  public func write(to directory: String) throws {
    try makeDirectories(directory)
    try writeFileAtomically("\(directory)/adapter_config.json", config.text)
    try TensorFixture.write(tensors, to: "\(directory)/adapter_model.safetensors")
  }

  /// Renames tensors.
  public mutating func rename(_ transform: (String) -> String) {
    for i in tensors.indices { tensors[i].name = transform(tensors[i].name) }
  }
}
