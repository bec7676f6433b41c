import Diagnostics
import StrictJSON

/// `1,234,567`
func grouped(_ number: Int) -> String {
  var out = ""
  for (i, digit) in String(number.magnitude).reversed().enumerated() {
    if i > 0, i % 3 == 0 { out.append(",") }
    out.append(digit)
  }
  return (number < 0 ? "-" : "") + String(out.reversed())
}

/// `1 file`, `2 files`
func counted(_ count: Int, _ noun: String) -> String {
  "\(grouped(count)) \(noun)\(count == 1 ? "" : "s")"
}

/// `269.1 MB`, in powers of 1000.
func byteText(_ count: Int) -> String {
  var value = Double(count)
  var unit = "bytes"
  for next in ["kB", "MB", "GB", "TB"] where value >= 1000 {
    value /= 1000
    unit = next
  }
  return unit == "bytes" ? "\(count) bytes" : "\(fixed(value, 1)) \(unit)"
}

/// A number with this many digits after the point.
func fixed(_ value: Double, _ digits: Int) -> String {
  guard value.isFinite, value.magnitude < 1e15 else { return "\(value)" }
  var factor = 1.0
  for _ in 0..<digits { factor *= 10 }
  let scaled = Int((value.magnitude * factor).rounded())
  let whole = scaled / Int(factor)
  let sign = value < 0 && scaled > 0 ? "-" : ""
  guard digits > 0 else { return "\(sign)\(whole)" }
  let rest = String(scaled % Int(factor))
  return "\(sign)\(whole)." + String(repeating: "0", count: digits - rest.count) + rest
}

/// Columns of text, each as wide as its widest cell.
func table(_ rows: [[String]], alignRight: Set<Int> = [], indent: String = "  ") -> [String] {
  let columns = rows.map(\.count).max() ?? 0
  let widths = (0..<columns).map { column in
    rows.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0
  }
  return rows.map { row in
    var line = indent
    for (column, cell) in row.enumerated() {
      let padding = String(repeating: " ", count: widths[column] - cell.count)
      let isLast = column == row.count - 1
      line += alignRight.contains(column) ? padding + cell : cell + (isLast ? "" : padding)
      if !isLast { line += "  " }
    }
    return line
  }
}

extension Finding {
  /// Code, severity, message, place and remedy, for programs.
  var json: JSONValue {
    var out = JSONObject()
    out["severity"] = .string(severity.rawValue)
    out["code"] = .string(detail.code.name)
    out["message"] = .string(detail.message)
    if let file = detail.file { out["file"] = .string(file) }
    if let tensor = detail.tensor { out["tensor"] = .string(tensor) }
    if let remedy = detail.remedy { out["remedy"] = .string(remedy) }
    return .object(out)
  }

  /// A line for people.
  var text: String {
    switch severity {
    case .problem: "\(Style.bad("problem:")) \(detail)"
    case .warning: "\(Style.warning("warning:")) \(detail)"
    case .note: "\(Style.dim("note:")) \(detail)"
    }
  }
}

extension Sequence<Finding> {
  /// The heaviest first, otherwise in their order.
  var byWeight: [Finding] {
    enumerated().sorted {
      ($1.element.severity, $0.offset) < ($0.element.severity, $1.offset)
    }.map(\.element)
  }
}
