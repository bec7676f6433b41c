import Checkpoint
import Diagnostics
import FileIO
import Shards
import StrictJSON
import TensorCore

/// What `graft gather` says about what it found and wrote.
struct GatherReport {
  private let gathering: Gathering
  private let output: String

  init(_ gathering: Gathering, output: String) {
    self.gathering = gathering
    self.output = output
  }

  private var checkpoint: ShardedCheckpoint { gathering.checkpoint }

  private var kind: String { gathering.isAdapter ? "an adapter" : "a model" }

  /// The plan, where nothing is written.
  func describe() {
    print("Would write \(kind) to \(output):")
    summary()
    let rows = gathering.entries.map { [$0.name, "\($0.source.spec.shape)", $0.how] }
    for line in table(rows) { print(line) }
    print("Nothing was written.")
  }

  /// What was written.
  func tell(_ result: Gathering.Result) {
    let bytes = result.files.filter { $0.name.hasSuffix(".safetensors") }
      .reduce(0) { $0 + $1.seal.byteCount }
    print(
      "\(Style.good("gathered:")) \(result.directory): \(kind), "
        + "\(counted(gathering.entries.count, "tensor")), \(byteText(bytes))")
    summary()
    if !result.dropped.isEmpty {
      let reasons = Dictionary(grouping: result.dropped, by: \.reason)
      for (reason, tensors) in reasons.sorted(by: { $0.key < $1.key }) {
        print("  left out: \(counted(tensors.count, "tensor")): \(reason)")
      }
    }
    print("  See what it is: graft inspect \(result.directory)")
  }

  private func summary() {
    var facts = [checkpoint.format]
    if let size = checkpoint.worldSize { facts.append(counted(size, "rank")) }
    if let step = checkpoint.step { facts.append("step \(grouped(step))") }
    print("  from \(checkpoint.layout.directory): \(facts.joined(separator: ", "))")
    let rows = checkpoint.accounts.prefix(32).map { account in
      [
        "rank \(account.rank)", account.part, "\(grouped(account.expected)) expected",
        "\(grouped(account.read)) read", "\(grouped(account.padding)) padding",
      ]
    }
    for line in table(rows, alignRight: [2, 3, 4], indent: "    ") { print(line) }
    if checkpoint.accounts.count > 32 {
      print("    and \(checkpoint.accounts.count - 32) more, all complete")
    }
    for finding in gathering.findings {
      let label =
        finding.severity == .note ? Style.dim("note:") : Style.warning("\(finding.severity):")
      print("  \(label) \(finding.detail)")
    }
  }

  /// The same for programs.
  func json(_ result: Gathering.Result?) -> JSONValue {
    var object = JSONObject()
    object["output"] = .string(output)
    object["kind"] = .string(gathering.isAdapter ? "adapter" : "model")
    object["format"] = .string(checkpoint.format)
    object["directory"] = .string(checkpoint.layout.directory)
    object["step"] = checkpoint.step.map { JSONValue($0) } ?? .null
    object["world_size"] = checkpoint.worldSize.map { JSONValue($0) } ?? .null
    object["accounts"] = .array(checkpoint.accounts.map(\.json))
    object["tensors"] = .array(
      gathering.entries.map { entry in
        [
          "name": .string(entry.name), "dtype": .string(entry.source.spec.dtype.rawValue),
          "shape": .array(entry.source.spec.shape.map { JSONValue($0) }), "how": .string(entry.how),
          "from": .array(Ledger.Reference.all(of: entry.source).map { .string($0.description) }),
        ]
      })
    object["findings"] = .array(
      gathering.findings.map {
        [
          "severity": .string($0.severity.rawValue), "code": .string($0.detail.code.name),
          "message": .string($0.detail.description),
        ]
      })
    guard let result else { return .object(object) }
    object["files"] = .array(result.files.map(\.json))
    object["dropped"] = .array(
      result.dropped.map { ["tensor": .string($0.tensor), "reason": .string($0.reason)] })
    return .object(object)
  }
}
