import Checkpoint
import Diagnostics
import FileIO
import StrictJSON
import TensorCore
import Verify

extension WeightsProof {
  /// One line of the table: all tensors of one module kind and role.
  private struct Group {
    var role: TensorProof.Role
    var kind: String
    var tensors: [TensorProof]

    /// The smallest and the largest of a number, as in `0.01 to 0.02`.
    func range(_ number: (TensorProof) -> Double, _ format: (Double) -> String) -> String {
      let values = tensors.map(number).filter { !$0.isNaN }
      guard let low = values.min(), let high = values.max() else { return "-" }
      let (one, other) = (format(low), format(high))
      return one == other ? one : "\(one) to \(other)"
    }

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
    var rows = [
      [
        "", "tensors", "elements", "equal", "1 unit off", "wrong", "changed", "relative", "lost",
        "eff. rank",
      ]
    ]
    for group in groups {
      let elements = group.sum(\.elementCount)
      func share(_ count: Int) -> String {
        elements == 0 ? "-" : "\(fixed(100 * Double(count) / Double(elements), 3)) %"
      }
      rows.append([
        "\(group.role.rawValue) \(group.kind)", grouped(group.tensors.count), grouped(elements),
        share(group.sum(\.equalCount)),
        share(group.sum(\.neighbourCount) + group.sum(\.cancelledCount)),
        grouped(group.sum(\.wrongCount)),
        group.role == .replaced ? "-" : share(group.sum(\.changedCount)),
        group.role == .updated ? group.range(\.relativeChange, scientific) : "-",
        group.role == .updated ? group.range(\.lostShare, scientific) : "-",
        group.role == .updated
          ? group.range({ $0.effectiveRank ?? .nan }, { fixed($0, 1) }) : "-",
      ])
    }
    let files = [("base", baseFiles), ("merged", mergedFiles)].flatMap { side, files in
      files.map { [side, byteText($0.seal.byteCount), $0.seal.sha256, $0.name] }
    }
    return problems + table(rows, alignRight: Set(1...9)) + table(files, alignRight: [1]) + verdict
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
    lines.append("  \(sizeText)")
    return lines
  }

  /// Why the merged model has the size that it has.
  var sizeText: String {
    let before = baseFiles.reduce(0) { $0 + $1.seal.byteCount }
    let after = mergedFiles.reduce(0) { $0 + $1.seal.byteCount }
    let others = tensors.filter { $0.role == .replaced }
    let converted = tensors.contains { $0.byteCount != $0.originByteCount }
    let sizes =
      "The base's weight files have \(grouped(before)) bytes, the merged ones "
      + "\(grouped(after))."
    if converted {
      return sizes + " Numbers are stored in another type, which changes the size."
    }
    return sizes + " That is as it must be: a merge adds the update to numbers that are there, and "
      + "an updated number takes the room of the old one"
      + (others.isEmpty ? "" : "; what the adapter brings whole comes on top")
      + (leftOut.isEmpty ? "." : "; what was left out comes off.")
      + (before == after ? "" : " Headers and the split into files make up the rest.")
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
    out["base_files"] = .array(baseFiles.map(\.json))
    out["merged_files"] = .array(mergedFiles.map(\.json))
    out["tensors"] = .array(tensors.map { .object($0.json) })
    return out
  }
}

extension TensorProof {
  /// What was found, for programs.
  var json: JSONObject {
    var out = JSONObject()
    out["name"] = .string(name)
    out["role"] = .string(role.rawValue)
    out["dtype"] = .string(dtype.rawValue)
    out["shape"] = .array(shape.map { JSONValue($0) })
    out["elements"] = JSONValue(elementCount)
    out["bytes"] = JSONValue(byteCount)
    out["base_bytes"] = JSONValue(originByteCount)
    out["equal"] = JSONValue(equalCount)
    out["one_unit_off"] = JSONValue(neighbourCount)
    out["cancelled"] = JSONValue(cancelledCount)
    out["wrong"] = JSONValue(wrongCount)
    out["non_finite"] = JSONValue(nonFiniteCount)
    out["changed"] = JSONValue(changedCount)
    if role == .updated {
      out["delta_norm"] = .finite(deltaNorm)
      out["relative_change"] = .finite(relativeChange)
      out["lost_share"] = .finite(lostShare)
      out["largest_change"] = .finite(largestChange)
      out["effective_rank"] = effectiveRank.map { .finite($0) } ?? .null
    }
    out["holds"] = .bool(holds)
    return out
  }
}
