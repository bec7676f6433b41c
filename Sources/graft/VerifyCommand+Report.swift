import Diagnostics
import StrictJSON
import TensorCore
import Verify

extension WeightsProof {
  /// One line of the table: all tensors of one module kind and role.
  private struct Group {
    var role: TensorProof.Role
    var kind: String
    var tensors: [TensorProof]

    func sum(_ count: (TensorProof) -> Int) -> Int { tensors.reduce(0) { $0 + count($1) } }
  }

  private var groups: [Group] {
    var out: [Group] = []
    for tensor in tensors {
      if let i = out.firstIndex(where: { $0.role == tensor.role && $0.kind == tensor.moduleKind }) {
        out[i].tensors.append(tensor)
      } else {
        out.append(Group(role: tensor.role, kind: tensor.moduleKind, tensors: [tensor]))
      }
    }
    let order: [TensorProof.Role] = [.updated, .replaced, .kept]
    return order.flatMap { role in out.filter { $0.role == role } }
  }

  /// Lines for people.
  var text: [String] {
    let limit = 8
    var problems = findings.byWeight.prefix(limit).map(\.text)
    if findings.count > limit {
      problems.append("and \(findings.count - limit) more; --json lists all")
    }
    guard adapter != nil else { return problems + comparison }
    var rows = [
      ["", "tensors", "elements", "equal", "1 unit off", "cancelled", "wrong", "changed"]
    ]
    for group in groups {
      let elements = group.sum(\.elementCount)
      func share(_ count: Int) -> String {
        elements == 0 ? "-" : "\(fixed(100 * Double(count) / Double(elements), 3)) %"
      }
      rows.append([
        "\(group.role.rawValue) \(group.kind)", grouped(group.tensors.count), grouped(elements),
        share(group.sum(\.equalCount)), share(group.sum(\.neighbourCount)),
        grouped(group.sum(\.cancelledCount)), grouped(group.sum(\.wrongCount)),
        group.role == .replaced ? "-" : share(group.sum(\.changedCount)),
      ])
    }
    return problems + table(rows, alignRight: [1, 2, 3, 4, 5, 6, 7]) + verdict
  }

  private var verdict: [String] {
    let updated = tensors.filter { $0.role == .updated }
    let kept = tensors.filter { $0.role == .kept }
    let replaced = tensors.filter { $0.role == .replaced }
    var lines: [String] = []
    for (name, reason) in leftOut { lines.append("  left out: \(name): \(reason)") }
    guard holds else { return lines + [Style.bad("not proven:") + " see the problems above"] }
    lines.append(
      Style.good("proven:")
        + " \(counted(updated.count, "weight")) equal base + scale·B·A, computed here in float64 and "
        + "rounded once;")
    lines.append("  \(counted(kept.count, "other tensor")) as in the base")
    for head in replaced { lines.append("  \(head.name) is the adapter's") }
    lines.append(
      "  Its size is the base's, and must be: a merge adds B·A to weights that are there"
        + (replaced.isEmpty ? "" : "; the head comes on top")
        + (leftOut.isEmpty ? "." : ", what was left out comes off."))
    return lines
  }

  private var comparison: [String] {
    let changed = tensors.filter { $0.changedCount > 0 }
    var lines = [
      "\(counted(changed.count, "tensor")) of \(grouped(tensors.count)) differ from the base:"
    ]
    let rows = changed.map { tensor in
      let share = 100 * Double(tensor.changedCount) / Double(max(1, tensor.elementCount))
      return [tensor.name, "\(fixed(share, 2)) % of \(counted(tensor.elementCount, "element"))"]
    }
    lines += table(rows)
    for (name, reason) in leftOut { lines.append("  left out: \(name): \(reason)") }
    lines.append("Name the adapter as third argument to prove that this is what it adds.")
    return lines
  }

  /// The proof for programs.
  var json: JSONObject {
    var out = JSONObject()
    out["base"] = .string(base)
    out["merged"] = .string(merged)
    out["adapter"] = adapter.map { .string($0) } ?? .null
    out["weights_hold"] = .bool(holds)
    out["findings"] = .array(findings.map(\.json))
    out["left_out"] = .array(
      leftOut.map { ["tensor": .string($0.name), "reason": .string($0.reason)] })
    out["tensors"] = .array(
      tensors.map { tensor in
        [
          "name": .string(tensor.name), "role": .string(tensor.role.rawValue),
          "dtype": .string(tensor.dtype.rawValue), "elements": JSONValue(tensor.elementCount),
          "equal": JSONValue(tensor.equalCount), "one_unit_off": JSONValue(tensor.neighbourCount),
          "cancelled": JSONValue(tensor.cancelledCount), "wrong": JSONValue(tensor.wrongCount),
          "non_finite": JSONValue(tensor.nonFiniteCount), "changed": JSONValue(tensor.changedCount),
          "holds": .bool(tensor.holds),
        ]
      })
    return out
  }
}
