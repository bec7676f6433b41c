import Checkpoint
import StrictJSON
import TensorCore

/// What a command would write: every tensor with its origin, and what is left out.
struct PlanReport {
  let tensors: [TensorSpec]
  let ledger: Ledger

  /// The lines for people.
  var text: [String] {
    let rows = tensors.map { spec in
      [spec.description, ledger.origin(of: spec.name).map { Self.text($0, of: spec) } ?? ""]
    }
    return table(rows)
      + ledger.dropped.map { "  left out: \($0.tensor): \($0.reason)" }
  }

  /// The origin, with the tensors that it comes from where they have other names.
  private static func text(_ origin: Ledger.Origin, of spec: TensorSpec) -> String {
    let names = origin.references.map(\.tensor)
    guard let first = names.first, names != [spec.name] else { return origin.how }
    let more = names.count > 1 ? " and \(names.count - 1) more" : ""
    return "\(origin.how) (\(first)\(more))"
  }

  /// The tensors for programs.
  var json: JSONValue {
    .array(
      tensors.map { spec in
        [
          "name": .string(spec.name), "dtype": .string(spec.dtype.rawValue),
          "shape": .array(spec.shape.map { JSONValue($0) }),
          "origin": .string(ledger.origin(of: spec.name)?.text ?? ""),
        ]
      })
  }

  /// What is left out, for programs.
  var dropped: JSONValue {
    .array(
      ledger.dropped.map {
        ["tensor": .string($0.tensor.description), "reason": .string($0.reason)]
      })
  }
}
