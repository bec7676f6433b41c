import Checkpoint
import Diagnostics
import Heads
import StrictJSON
import TensorCore
import Testing

@Suite struct HeadDeclarationTests {
  private func config(_ text: String) throws -> ModelConfig {
    ModelConfig(try #require(try JSONValue.parse(text).object), file: "config.json")
  }

  @Test func nothingIsDeclaredByDefault() throws {
    let declared = try config("{}").headDeclaration
    #expect(declared == HeadDeclaration())
    #expect(declared.json == nil)
  }

  @Test func whatIsWrittenReadsBack() throws {
    var declaration = HeadDeclaration()
    declaration.offset = [Double(Float(0.1)), -3.5]
    declaration.offsetType = .bf16
    declaration.fresh = HeadDeclaration.Fresh(deviation: 0.02, seed: 7)
    var members = JSONObject()
    members[HeadDeclaration.key] = declaration.json
    #expect(try HeadDeclaration(members, file: "config.json") == declaration)
  }

  @Test(arguments: [
    #"{"graft_head": 3}"#, #"{"graft_head": {"offset": 1}}"#, #"{"graft_head": {"offset": ["a"]}}"#,
    #"{"graft_head": {"offset": [1], "offset_dtype": "I64"}}"#, #"{"graft_head": {"fresh": true}}"#,
  ])
  func malformedDeclarationsAreErrors(text: String) throws {
    let config = try config(text)
    let error = #expect(throws: GraftError.self) { try config.headDeclaration }
    #expect(error?.code == .headDeclaration)
  }

  @Test func openRLHFsNumbersAreRead() throws {
    let read = try RewardNormalization(
      config(#"{"mean": 0.5, "std": 2, "normalize_reward": true}"#))
    #expect(read == RewardNormalization(mean: 0.5, deviation: 2, isActive: true))
    let resting = try RewardNormalization(
      config(#"{"mean": 0.5, "std": 2, "normalize_reward": false}"#))
    #expect(resting?.isActive == false)
    #expect(try RewardNormalization(config(#"{"normalize_reward": false}"#)) == nil)
  }

  @Test(arguments: [
    #"{"normalize_reward": true}"#, #"{"mean": 0, "std": 0, "normalize_reward": true}"#,
  ])
  func impossibleNormalisationIsAnError(text: String) throws {
    let config = try config(text)
    let error = #expect(throws: GraftError.self) { try RewardNormalization(config) }
    #expect(error?.code == .headDeclaration)
  }
}
