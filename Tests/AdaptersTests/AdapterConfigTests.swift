import Adapters
import Diagnostics
import FileIO
import StrictJSON
import TestSupport
import Testing

@Suite struct AdapterConfigTests {
  private func config(_ members: String) throws -> AdapterConfig {
    let json = try #require(try JSONValue.parse(members).object)
    return try AdapterConfig(json, file: "adapter_config.json")
  }

  @Test func oldFilesMeanThePeftDefaults() throws {
    let config = try config(#"{"peft_type": "LORA", "target_modules": ["q_proj"]}"#)
    #expect(config.rank == 8)
    #expect(config.alpha == 8)
    #expect(config.scale(rank: 8, alpha: 8) == 1)
    #expect(config.bias == .none)
    #expect(config.refusals.isEmpty)
  }

  @Test func rankStabilizedScaleIsAlphaOverRootOfRank() throws {
    let config = try config(
      #"{"peft_type": "LORA", "r": 16, "lora_alpha": 32, "use_rslora": true}"#)
    #expect(config.scale(rank: config.rank, alpha: config.alpha) == 8)
  }

  @Test(arguments: [
    ("r", "0"), ("r", "\"8\""), ("r", "1.5"), ("lora_alpha", "\"a lot\""), ("use_rslora", "1"),
    ("target_modules", "7"), ("target_modules", "[1]"), ("modules_to_save", "{}"),
    ("bias", "\"some\""), ("rank_pattern", "[]"), ("rank_pattern", #"{"q_proj": 0}"#),
    ("layers_to_transform", "\"all\""),
  ])
  func valuesOfTheWrongKindAreNamed(key: String, value: String) throws {
    let error = #expect(throws: GraftError.self) {
      try config(#"{"peft_type": "LORA", "\#(key)": \#(value)}"#)
    }
    #expect(error?.code == .invalidAdapterConfig)
    #expect(error?.message.contains("'\(key)'") == true)
  }

  @Test(arguments: [
    ("layer_replication", "[[0, 4], [2, 6]]"),
    ("alora_invocation_tokens", "[5]"), ("use_qalora", "true"), ("use_bdlora", #"{"x": 1}"#),
    ("arrow_config", #"{"x": 1}"#), ("megatron_config", #"{"x": 1}"#),
    ("kasa_config", #"{"x": 1}"#),
  ])
  func settingsThatCannotBeMergedAreRefusedByName(key: String, value: String) throws {
    let refusals = try config(#"{"peft_type": "LORA", "\#(key)": \#(value)}"#).refusals
    #expect(refusals.count == 1)
    #expect(refusals.first?.message.hasPrefix("'\(key)'") == true)
  }

  @Test(arguments: ["pissa", "pissa_niter_4", "olora", "corda", "loftq", "lora_ga"])
  func startsThatChangeTheBaseAreTold(start: String) throws {
    let config = try config(#"{"peft_type": "LORA", "init_lora_weights": "\#(start)"}"#)
    #expect(config.residualStart == start)
  }

  @Test(arguments: ["PROMPT_TUNING", "PREFIX_TUNING", "XLORA", "ADALORA", "BOFT", "SUPERLORA"])
  func otherKindsAreRefusedByName(kind: String) throws {
    let refusals = try config(#"{"peft_type": "\#(kind)"}"#).refusals
    #expect(refusals.first?.code == .unsupportedAdapter)
    #expect(refusals.first?.message.contains("'\(kind)'") == true)
  }

  @Test(arguments: ["true", "false", "null", "\"gaussian\"", "\"orthogonal\"", "\"eva\""])
  func startsThatLeaveTheBaseAloneAreFine(start: String) throws {
    #expect(
      try config(#"{"peft_type": "LORA", "init_lora_weights": \#(start)}"#).refusals.isEmpty)
  }

  @Test func unknownKeysAreReported() throws {
    let config = try config(#"{"peft_type": "LORA", "brand_new": 1, "other": null}"#)
    #expect(config.unknownKeys == ["brand_new"])
  }

  /// Keys and values as PEFT 0.21.2's `LoraConfig(...).save_pretrained` writes them.
  @Test func writtenTextIsThatOfPeft() throws {
    var config = AdapterConfig(
      rank: 16, alpha: 32, targetModules: ["q_proj"], modulesToSave: ["score"],
      taskType: "SEQ_CLS")
    config.dropout = 0
    let text = JSONValue.object(config.written).text(.prettySorted)
    #expect(text.hasPrefix("{\n  \"alora_invocation_tokens\": null,\n  \"alpha_pattern\": {},"))
    #expect(text.contains("\"lora_alpha\": 32,\n  \"lora_bias\": false,\n  \"lora_dropout\": 0.0,"))
    #expect(text.contains("\"modules_to_save\": [\n    \"score\"\n  ],"))
    #expect(text.hasSuffix("\"use_rslora\": false,\n  \"velora_config\": null\n}"))
    #expect(config.written.count == 41)
  }

  @Test(
    .enabled(if: Shared.isPresent, "needs ../shared"),
    arguments: ["lora_plain_llama", "lora_patterns", "lora_rslora", "lora_regex_target"])
  func realFilesSurviveReadingAndWriting(name: String) throws {
    let directory = Shared.zoo("\(name)/adapter")
    let text = String(
      decoding: try readFile("\(directory)/adapter_config.json"), as: UTF8.self)
    let config = try AdapterConfig(directory: directory)
    #expect(JSONValue.object(config.written).text(.prettySorted) == text)
  }
}
