import Torch
import TestSupport
import TensorCore
import StrictJSON
import FileIO
import Checkpoint
import Diagnostics
import LanguageModels
import Testing

@Suite struct LoRASettingsTests {
  @Test func scales() {
    #expect(LoRASettings(rank: 16, alpha: 32).scale == 2)
    #expect(LoRASettings(rank: 16, alpha: 32, usesRSLoRA: true).scale == 8)
  }

  @Test func targetsAreNamedModules() throws {
    let model = try GoldenLlama.loadPlain()
    try model.adapt(
      LoRASettings(rank: 2, alpha: 4, targetModules: ["q_proj", "down_proj"]), seed: 1)
    #expect(
      model.adapterParameters.map(\.name) == [
        "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight",
        "base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight",
        "base_model.model.model.layers.0.mlp.down_proj.lora_A.weight",
        "base_model.model.model.layers.0.mlp.down_proj.lora_B.weight",
        "base_model.model.model.layers.1.self_attn.q_proj.lora_A.weight",
        "base_model.model.model.layers.1.self_attn.q_proj.lora_B.weight",
        "base_model.model.model.layers.1.mlp.down_proj.lora_A.weight",
        "base_model.model.model.layers.1.mlp.down_proj.lora_B.weight",
      ])
    for parameter in model.adapterParameters {
      let values = try parameter.tensor.floats()
      if parameter.name.contains("lora_B") {
        #expect(values.allSatisfy { $0 == 0 })
      } else {
        let bound = 1 / Float(parameter.tensor.shape[1]).squareRoot()
        #expect(values.allSatisfy { abs($0) <= bound })
        #expect(Set(values).count > 2)
      }
    }
  }

  @Test func wrongSettingsAreErrors() throws {
    let model = try GoldenLlama.loadPlain()
    let wrong = [
      LoRASettings(rank: 0, alpha: 1), LoRASettings(rank: 1, alpha: 1, dropout: 1),
      LoRASettings(rank: 1, alpha: 1, targetModules: ["q_prj"]),
    ]
    for settings in wrong {
      let error = #expect(throws: GraftError.self) { try model.adapt(settings, seed: 0) }
      #expect(error?.code == .loraSettings)
    }
  }
}
