import FileIO
import TestSupport
import Testing

/// Adapters of every kind made by the real PEFT, merged by `graft`, opened by the real transformers:
/// the logits are those of PEFT's unmerged model, and the proof holds.
@Suite(.enabled(if: PeersPython.isPresent && GraftCommand.isPresent, "needs GRAFT_PEERS_PYTHON"))
struct AdapterKindsTests {
  @Test func `merged models give PEFT's unmerged logits`() throws {
    let temporary = try TemporaryDirectory()
    let script = PeersPython.script("adapter_kinds.py")
    try PeersPython.run([script, "make", temporary.path])
    let cases = try directoryEntries(temporary.path)
    #expect(cases.count >= 34)
    for name in cases {
      let (base, adapter, merged) = (
        temporary.file("\(name)/base"), temporary.file("\(name)/adapter"),
        temporary.file("\(name)/merged")
      )
      let residual = name.hasSuffix("_residual") ? ["--base-is-residual"] : []
      let result = try GraftCommand.run(["merge", base, adapter, "-o", merged] + residual)
      #expect(result.code == 0, "\(name): \(result.errors)")
      let proof = try GraftCommand.run(["verify", base, merged, adapter] + residual)
      #expect(proof.code == 0, "\(name): \(proof.output) \(proof.errors)")
      let isUntied = result.errors.contains("untied")
      let expectsUntying = [
        "tied_embedding", "tied_output", "tied_both", "tied_saved_embedding", "tied_saved_output",
        "tied_lora_together", "tied_tokens_apart", "gpt2_output", "neox_tied_output",
      ].contains(name)
      #expect(isUntied == expectsUntying, "\(name)")
      if expectsUntying {
        let refused = try GraftCommand.run(
          ["merge", base, adapter, "-o", merged + "2", "--untie", "never"])
        #expect(refused.code != 0, "\(name)")
      }
      if !residual.isEmpty {
        let refused = try GraftCommand.run(["merge", base, adapter, "-o", merged + "2"])
        #expect(refused.code != 0 && refused.errors.contains("init_lora_weights"), "\(name)")
      }
    }
    let lines = try PeersPython.run([script, "check", temporary.path])
      .split(separator: "\n").filter { $0.contains(": ") && $0.contains("the adapter changes") }
    #expect(lines.count == cases.count)
    for line in lines { #expect(line.contains(": same "), "\(line)") }
  }
}
