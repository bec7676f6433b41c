/// A page for the browser that needs nothing but itself.
struct Page {
  var title: String
  var parts: [String] = []

  /// Text that means nothing to the browser.
  static func escape(_ text: String) -> String {
    var out = ""
    for character in text {
      switch character {
      case "&": out += "&amp;"
      case "<": out += "&lt;"
      case ">": out += "&gt;"
      case "\"": out += "&quot;"
      default: out.append(character)
      }
    }
    return out
  }

  /// A table; cells are text, those of `numbers` stand to the right.
  static func table(_ rows: [[String]], numbers: Set<Int> = [], collapsedAbove limit: Int = 400)
    -> String
  {
    guard let head = rows.first else { return "" }
    func line(_ cells: [String], _ tag: String) -> String {
      let parts = cells.enumerated().map { column, cell in
        "<\(tag)\(numbers.contains(column) ? " class=\"n\"" : "")>\(escape(cell))</\(tag)>"
      }
      return "<tr>\(parts.joined())</tr>"
    }
    let body = rows.dropFirst().map { line($0, "td") }.joined(separator: "\n")
    let table =
      "<div class=\"scroll\"><table><thead>\(line(head, "th"))</thead><tbody>\n\(body)\n"
      + "</tbody></table></div>"
    return rows.count > limit
      ? "<details><summary>\(grouped(rows.count - 1)) lines</summary>\(table)</details>" : table
  }

  /// The share of a change as a colour's strength, on a scale of powers of ten.
  static func strength(_ value: Double, from low: Double, to high: Double) -> Int {
    guard value > 0, low > 0, high > low else { return value > 0 ? 100 : 0 }
    let steps = doublings(value / low) / doublings(high / low)
    return max(8, min(100, Int(8 + 92 * steps)))
  }

  /// The logarithm to base 2, to a few digits.
  private static func doublings(_ ratio: Double) -> Double {
    guard ratio > 1 else { return 0 }
    var whole = Double(ratio.exponent)
    var rest = ratio.significand
    var step = 0.5
    for _ in 0..<12 {
      rest *= rest
      if rest >= 2 {
        rest /= 2
        whole += step
      }
      step /= 2
    }
    return whole
  }

  /// A map of numbers by layer and module; the darker, the more.
  static func heatMap(_ cells: [(layer: Int, column: String, value: Double, hint: String)])
    -> String
  {
    let layers = Set(cells.map(\.layer)).sorted()
    var columns: [String] = []
    for cell in cells where !columns.contains(cell.column) { columns.append(cell.column) }
    guard !layers.isEmpty, !columns.isEmpty else { return "" }
    let values = cells.map(\.value).filter { $0 > 0 && $0.isFinite }
    let (low, high) = (values.min() ?? 0, values.max() ?? 0)
    var found: [String: (value: Double, hint: String)] = [:]
    for cell in cells { found["\(cell.layer) \(cell.column)"] = (cell.value, cell.hint) }
    let head = columns.map { "<th><span>\(escape($0))</span></th>" }.joined()
    let rows = layers.map { layer in
      let line = columns.map { column in
        guard let cell = found["\(layer) \(column)"] else { return "<td class=\"none\"></td>" }
        let strength = strength(cell.value, from: low, to: high)
        return "<td style=\"--s:\(strength)%\" title=\"\(escape(cell.hint))\"></td>"
      }
      return "<tr><th>\(layer)</th>\(line.joined())</tr>"
    }
    let legend =
      "<p class=\"legend\"><span>\(scientific(low))</span><i></i><span>\(scientific(high))</span>"
      + "<b></b><span>no change, or no such tensor</span></p>"
    return
      "<div class=\"scroll\"><table class=\"map\"><thead><tr><th>layer</th>\(head)</tr></thead>"
      + "<tbody>\n\(rows.joined(separator: "\n"))\n</tbody></table></div>\(legend)"
  }

  /// The whole page.
  var html: String {
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>\(Self.escape(title))</title>
    <style>
    \(Self.style)
    </style>
    </head>
    <body>
    <main>
    \(parts.joined(separator: "\n"))
    </main>
    </body>
    </html>

    """
  }

  private static let style = """
    :root { color-scheme: light dark; --bg: #fbfbfa; --card: #fff; --ink: #1d2126; --dim: #667079;
      --line: #e3e5e8; --good: #17734a; --bad: #b3261e; --warn: #8a5a00; --heat: #0b5cad;
      --none: #f1f2f3; }
    @media (prefers-color-scheme: dark) {
      :root { --bg: #14171a; --card: #1b1f23; --ink: #e6e8ea; --dim: #9aa4ad; --line: #2d3339;
        --good: #5fd39b; --bad: #ff8a80; --warn: #f0c060; --heat: #58b0ff; --none: #22272c; } }
    * { box-sizing: border-box; }
    body { margin: 0; background: var(--bg); color: var(--ink);
      font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
    main { max-width: 1240px; margin: 0 auto; padding: 32px 20px 64px; }
    h1 { font-size: 26px; line-height: 1.25; margin: 0 0 4px; letter-spacing: -0.01em; }
    h2 { font-size: 17px; margin: 36px 0 10px; }
    p { margin: 6px 0; }
    .dim { color: var(--dim); }
    .good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); }
    .verdict { border: 1px solid var(--line); border-left: 5px solid currentColor;
      background: var(--card); border-radius: 6px; padding: 12px 16px; margin: 20px 0; }
    .verdict p { color: var(--ink); } .verdict strong { font-size: 18px; }
    ul.findings { list-style: none; padding: 0; margin: 0; }
    ul.findings li { border: 1px solid var(--line); background: var(--card); border-radius: 6px;
      padding: 10px 14px; margin: 8px 0; overflow-wrap: anywhere; }
    ul.findings b { margin-right: 6px; }
    code, td, .paths { font-variant-numeric: tabular-nums; }
    code, .paths { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace;
      font-size: 13px; overflow-wrap: anywhere; }
    .scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px;
      background: var(--card); }
    table { border-collapse: collapse; width: 100%; font-size: 13px; }
    th, td { text-align: left; padding: 4px 8px; border-bottom: 1px solid var(--line);
      white-space: nowrap; }
    tbody tr:last-child td, tbody tr:last-child th { border-bottom: 0; }
    thead th { color: var(--dim); font-weight: 600; position: sticky; top: 0;
      background: var(--card); }
    .n { text-align: right; }
    table.map { width: auto; min-width: 60%; }
    table.map th, table.map td { border: 0; padding: 2px 8px; }
    table.map tbody th { color: var(--dim); font-weight: 400; text-align: right; }
    table.map td { padding: 0; height: 17px; min-width: 64px; border: 1px solid var(--card);
      background: color-mix(in srgb, var(--heat) var(--s), var(--none)); }
    table.map td.none { background: var(--none); }
    .legend { display: flex; align-items: center; gap: 8px; color: var(--dim); font-size: 13px; }
    .legend i { width: 160px; height: 12px; border-radius: 3px;
      background: linear-gradient(to right,
        color-mix(in srgb, var(--heat) 8%, var(--none)), var(--heat)); }
    .legend b { width: 12px; height: 12px; border-radius: 3px; background: var(--none);
      margin-left: 16px; border: 1px solid var(--line); }
    .facts { display: flex; flex-wrap: wrap; gap: 10px; margin: 16px 0; }
    .facts div { border: 1px solid var(--line); background: var(--card); border-radius: 6px;
      padding: 8px 14px; }
    .facts b { display: block; font-size: 19px; font-weight: 600; }
    .facts span { color: var(--dim); font-size: 13px; }
    """
}

extension Page {
  /// Findings, the heaviest first.
  static func list(_ findings: [(kind: String, className: String, text: String)]) -> String {
    guard !findings.isEmpty else { return "<p class=\"dim\">None.</p>" }
    let items = findings.map {
      "<li><b class=\"\($0.className)\">\($0.kind)</b>\(escape($0.text))</li>"
    }
    return "<ul class=\"findings\">\n\(items.joined(separator: "\n"))\n</ul>"
  }

  /// Large numbers with what they are.
  static func facts(_ facts: [(String, String)]) -> String {
    let items = facts.map { "<div><b>\(escape($0.0))</b><span>\(escape($0.1))</span></div>" }
    return "<div class=\"facts\">\(items.joined())</div>"
  }
}
