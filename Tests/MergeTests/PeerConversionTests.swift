import Checkpoint
import Diagnostics
import FileIO
import Merge
import StrictJSON
import TensorCore
import TestSupport
import Testing

/// transformers opens what convert writes: nothing missing, nothing unexpected, the same tensors
/// and the same logits.
@Suite struct PeerConversionTests {
  @Test(.enabled(if: PeersPython.isPresent))
  func `transformers opens converted models and computes the same`() throws {
    let temporary = try TemporaryDirectory()
    let script = PeersPython.script("open_outputs.py")
    let models = temporary.file("models")
    try PeersPython.run([script, "make", models])
    var pairs: [JSONValue] = []
    func convert(_ name: String, dtype: DType? = nil, experts: ExpertLayout? = nil) throws {
      let output = temporary.file("out-\(pairs.count)-\(name)")
      var conversion = Conversion(input: "\(models)/\(name)", output: output, dtype: dtype)
      conversion.experts = experts
      conversion.shardByteLimit = 12_000
      _ = try conversion.run()
      let model = try ModelDirectory(output)
      let resolved = try model.resolve(as: model.savedRole)
      let count = resolved.tensors.count + resolved.ledger.dropped.count
      #expect(count == model.store.names.count, "\(name)")
      #expect(resolved.findings.isEmpty, "\(name)")
      pairs.append([
        "before": .string("\(models)/\(name)"), "after": .string(output),
        "dtype": .string(dtype?.torchName ?? "float32"),
      ])
    }
    for name in try directoryEntries(models).sorted() {
      if name.hasSuffix("-bin") {
        try convert(name)
      } else if name.hasSuffix("-fused") {
        try convert(name, experts: .perExpert)
      } else if name.hasSuffix("moe-causal") || name.hasPrefix("mixtral") {
        try convert(name, dtype: name.hasSuffix("causal") ? nil : .bf16, experts: .fused)
      } else {
        try convert(name, dtype: .bf16)
      }
    }
    let list = temporary.file("pairs.json")
    try writeFileAtomically(list, JSONValue.array(pairs).text())
    let answer = try PeersPython.run([script, "check", list])
    let line = try #require(answer.split(separator: "\n").last { $0.hasPrefix("{") })
    let results = try #require(try JSONValue.parse(String(line))["results"]?.array)
    #expect(results.count == pairs.count)
    #expect(pairs.count >= 20)
    for result in results {
      let name = Comment(rawValue: result["after"]?.string ?? "")
      for key in ["missing_keys", "unexpected_keys", "mismatched_keys", "error_msgs"] {
        #expect(result[key]?.array?.isEmpty == true, name)
      }
      #expect(result["same_names"]?.bool == true, name)
      #expect(result["tensors"]?.double == 0, name)
      // The same numbers elsewhere in memory may be summed in another order.
      #expect((result["logits"]?.double ?? .infinity) < 1e-5, name)
    }
  }
}
