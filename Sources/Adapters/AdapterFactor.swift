/// A tensor that an adapter trains on a module, by the name that PEFT gives it there.
///
/// Source: PEFT 0.21 `adapter_layer_names` of the tuners.
enum AdapterFactor: String, CaseIterable {
  // LoRA and what builds on it
  case loraA = "lora_A"
  case loraB = "lora_B"
  case loraBBias = "lora_B.bias"
  case embeddingA = "lora_embedding_A"
  case embeddingB = "lora_embedding_B"
  case magnitude = "lora_magnitude_vector"
  case tokens = "trainable_tokens_delta"
  // LoHa
  case hadaW1A = "hada_w1_a"
  case hadaW1B = "hada_w1_b"
  case hadaW2A = "hada_w2_a"
  case hadaW2B = "hada_w2_b"
  case hadaT1 = "hada_t1"
  case hadaT2 = "hada_t2"
  // LoKr
  case lokrW1 = "lokr_w1"
  case lokrW1A = "lokr_w1_a"
  case lokrW1B = "lokr_w1_b"
  case lokrW2 = "lokr_w2"
  case lokrW2A = "lokr_w2_a"
  case lokrW2B = "lokr_w2_b"
  case lokrT2 = "lokr_t2"
  // IA3
  case ia3 = "ia3_l"
  // VeRA
  case veraA = "vera_A"
  case veraB = "vera_B"
  case veraD = "vera_lambda_d"
  case veraLambdaB = "vera_lambda_b"
  // OFT
  case oftR = "oft_R"

  /// Whether it ends in ".weight" inside a module of its own, at least in raw state dictionaries.
  var isModule: Bool {
    switch self {
    case .loraA, .loraB, .magnitude, .oftR: true
    default: false
    }
  }
}
