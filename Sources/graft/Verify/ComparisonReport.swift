import Checkpoint
import Diagnostics
import FileIO
import StrictJSON
import TensorCore
import Verify

extension CheckpointComparison {
  private func count(_ state: State) -> Int { tensors.count { $0.state == state } }

  /// Lines for people.
  var text: [String] {
    let limit = 40
    let others = tensors.filter { $0.state != .equal }
    var lines: [String] = []
    var rows = [["", "tensor", "type", "shape", "changed", "norm", "relative", "largest"]]
    for tensor in others.prefix(limit) {
      let spec = tensor.second ?? tensor.first
      let isMeasured = tensor.state == .changed
      rows.append([
        tensor.state.rawValue.replacingUnderscore, tensor.name, tensor.typeText,
        tensor.shapeText,
        isMeasured
          ? "\(percentText(tensor.changedCount, of: spec?.elementCount ?? 0))" : "-",
        isMeasured ? scientific(tensor.differenceNorm) : "-",
        isMeasured ? scientific(tensor.relativeChange) : "-",
        isMeasured ? scientific(tensor.largestChange) : "-",
      ])
    }
    if rows.count > 1 { lines += table(rows, alignRight: [4, 5, 6, 7]) }
    if others.count > limit {
      lines.append("  and \(others.count - limit) more; --json lists all")
    }
    let summary: [(State, String)] = [
      (.equal, "equal bit for bit"), (.converted, "equal in another type"),
      (.changed, "changed"), (.otherShape, "of another shape"), (.missing, "in the first only"),
      (.extra, "in the second only"),
    ]
    let parts = summary.filter { count($0.0) > 0 }.map { "\(grouped(count($0.0))) \($0.1)" }
    let verdict = areEqual ? Style.good("equal:") : Style.warning("different:")
    lines.append("\(verdict) \(parts.joined(separator: ", "))")
    return lines
  }

  /// The comparison for programs.
  var json: JSONObject {
    var out = JSONObject()
    out["first"] = .string(first)
    out["second"] = .string(second)
    out["equal"] = .bool(areEqual)
    out["first_files"] = .array(firstFiles.map(\.json))
    out["second_files"] = .array(secondFiles.map(\.json))
    out["tensors"] = .array(
      tensors.map { tensor in
        var entry = JSONObject()
        entry["name"] = .string(tensor.name)
        entry["state"] = .string(tensor.state.rawValue)
        entry["first"] = tensor.first.map(\.json) ?? .null
        entry["second"] = tensor.second.map(\.json) ?? .null
        if tensor.state == .changed {
          entry["changed"] = JSONValue(tensor.changedCount)
          entry["difference_norm"] = .finite(tensor.differenceNorm)
          entry["relative_change"] = .finite(tensor.relativeChange)
          entry["largest_change"] = .finite(tensor.largestChange)
        }
        return .object(entry)
      })
    return out
  }
}

extension CheckpointComparison.Tensor {
  /// `BF16`, or `F32 → BF16`
  var typeText: String { both(first?.dtype.rawValue, second?.dtype.rawValue) }

  /// `[8, 4]`, or `[8, 4] → [8, 5]`
  var shapeText: String { both(first.map { "\($0.shape)" }, second.map { "\($0.shape)" }) }

  private func both(_ one: String?, _ other: String?) -> String {
    guard let one, let other, one != other else { return one ?? other ?? "" }
    return "\(one) → \(other)"
  }
}

extension TensorSpec {
  /// `{dtype, shape}`
  var json: JSONValue {
    ["dtype": .string(dtype.rawValue), "shape": .array(shape.map { JSONValue($0) })]
  }
}

extension JSONValue {
  /// A number, or null where JSON has none.
  static func finite(_ value: Double) -> JSONValue {
    value.isFinite ? JSONValue(value) : .null
  }
}

extension String {
  var replacingUnderscore: String { String(map { $0 == "_" ? " " : $0 }) }
}

/// A number in three digits, as in `0.00123`, `1.23e-07`.
func scientific(_ value: Double) -> String {
  guard value.isFinite else { return "\(value)" }
  let size = value.magnitude
  if size == 0 { return "0" }
  if size >= 0.001, size < 1000 { return fixed(value, size >= 100 ? 1 : size >= 1 ? 2 : 5) }
  var exponent = 0
  var digits = size
  while digits >= 9.995 { (digits, exponent) = (digits / 10, exponent + 1) }
  while digits < 0.9995 { (digits, exponent) = (digits * 10, exponent - 1) }
  return
    "\(value < 0 ? "-" : "")\(fixed(digits, 2))e\(exponent < 0 ? "-" : "+")\(exponent.magnitude)"
}

/// `12.3 %`
func percentText(_ count: Int, of total: Int) -> String {
  total == 0 ? "-" : "\(fixed(100 * Double(count) / Double(total), 2)) %"
}
