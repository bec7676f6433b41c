public import StrictJSON

/// Rewards as a person or a program reads them.
public struct ScoreReport: Sendable {
  /// The rows, in the order of the file.
  public var rows: [ScoringRow]
  /// Their rewards.
  public var rewards: [Float]

  /// Puts rows and rewards together.
  public init(rows: [ScoringRow], rewards: [Float]) {
    self.rows = rows
    self.rewards = rewards
  }

  /// One object a row: `id` (where the row has one), `reward`, `tokens`.
  public var lines: [JSONObject] {
    zip(rows, rewards).map { row, reward in
      var object = JSONObject()
      if let id = row.id { object["id"] = id }
      // The shortest text that reads back as the same float32; JSON has no NaN.
      object["reward"] = reward.isFinite ? .number(JSONNumber(Double("\(reward)") ?? 0)) : .null
      object["tokens"] = JSONValue(row.ids.count)
      return object
    }
  }

  /// A table of at most `width` columns.
  public func table(width: Int) -> String {
    let head = ["row", "tokens", "reward"]
    let cells = zip(rows, rewards).enumerated().map { i, pair in
      [
        pair.0.id.map { $0.string ?? $0.text() } ?? "\(i + 1)", "\(pair.0.ids.count)",
        Self.rounded(pair.1),
      ]
    }
    let widths = head.indices.map { column in
      ([head] + cells).map { $0[column].count }.max() ?? 0
    }
    let left = widths.reduce(0, +) + 2 * widths.count
    var out = Self.line(head, widths) + "  text\n"
    for (row, cell) in zip(rows, cells) {
      out +=
        Self.line(cell, widths) + "  " + Self.clip(row.preview, to: max(8, width - left)) + "\n"
    }
    return out
  }

  private static func line(_ cells: [String], _ widths: [Int]) -> String {
    zip(cells, widths)
      .map { String(repeating: " ", count: max(0, $1 - $0.count)) + $0 }
      .joined(separator: "  ")
  }

  private static func rounded(_ reward: Float) -> String {
    guard reward.isFinite, abs(reward) < 1e6 else { return "\(reward)" }
    let scaled = Int((Double(abs(reward)) * 10_000).rounded())
    let fraction = "\(scaled % 10_000)"
    return (reward < 0 && scaled > 0 ? "-" : "") + "\(scaled / 10_000)."
      + String(repeating: "0", count: 4 - fraction.count) + fraction
  }

  private static func clip(_ text: String, to limit: Int) -> String {
    let line = String(text.map { $0.isNewline || $0 == "\t" ? " " : $0 })
    return line.count <= limit ? line : line.prefix(limit - 1) + "…"
  }
}
