import Datasets
import Diagnostics
import StrictJSON
import Tokenization

/// What `graft data` says about a data set.
struct DataReport {
  let contents: DatasetReader.Contents
  let stage: EncodingStage
  var batch: ExampleEncoder.Batch?
  var tokenizer: Tokenizer?

  init(_ contents: DatasetReader.Contents, stage: EncodingStage) {
    self.contents = contents
    self.stage = stage
  }

  private var dropped: [(reason: DropReason, count: Int)] {
    DropReason.allCases.compactMap { reason in
      let count = (contents.dropped[reason] ?? 0) + (batch?.dropped[reason] ?? 0)
      return count > 0 ? (reason, count) : nil
    }
  }

  /// The length of each example: of a pair, the longer sequence's.
  private var lengths: [Int] {
    (batch?.encoded ?? []).map { example in
      switch example {
      case .sequence(let sequence), .feedback(let sequence, _, _): sequence.ids.count
      case .pair(let chosen, let rejected): max(chosen.ids.count, rejected.ids.count)
      case .packed(let packed): packed.segments.count { $0 > 0 }
      }
    }
  }

  /// The pairs whose answers come out the same.
  private var equalPairs: Int {
    (batch?.encoded ?? []).count { example in
      if case .pair(let chosen, let rejected) = example { chosen == rejected } else { false }
    }
  }

  private var unlabelled: Int {
    (batch?.encoded ?? []).count { example in
      if case .sequence(let sequence) = example {
        sequence.labels.allSatisfy { $0 == EncodedSequence.ignored }
      } else {
        false
      }
    }
  }

  var json: JSONValue {
    var out = JSONObject()
    out["stage"] = .string(stage.rawValue)
    out["rows"] = JSONValue(contents.rowCount)
    out["examples"] = JSONValue(contents.examples.count)
    var reasons = JSONObject()
    for (reason, count) in dropped { reasons["\(reason)"] = JSONValue(count) }
    out["dropped"] = .object(reasons)
    if let batch {
      out["sequences"] = JSONValue(batch.encoded.count)
      out["truncated"] = JSONValue(batch.truncatedCount)
      out["equal_pairs"] = JSONValue(equalPairs)
      out["nothing_to_learn"] = JSONValue(unlabelled)
      out["lengths"] = .array(lengths.map { JSONValue($0) })
    }
    return .object(out)
  }

  /// The report, problems first.
  func text(showing count: Int) -> [String] {
    var lines: [String] = []
    func warn(_ text: String) { lines.append("\(Style.warning("warning:")) \(text)") }
    for (reason, count) in dropped { warn("\(counted(count, "row")) left out: \(reason.rawValue)") }
    if let batch, batch.truncatedCount > 0 {
      warn("\(counted(batch.truncatedCount, "example")) cut to cutoff_len")
    }
    if equalPairs > 0 { warn("\(counted(equalPairs, "pair")) with two answers that are the same") }
    if unlabelled > 0 { warn("\(counted(unlabelled, "example")) with nothing to learn") }
    lines.append(
      "\(counted(contents.rowCount, "row")), \(counted(contents.examples.count, "example")), "
        + "stage \(stage.rawValue)")
    if batch != nil { lines += histogram() }
    for i in 0..<min(count, batch?.encoded.count ?? 0) {
      if let encoded = batch?.encoded[i] {
        lines += ["", Style.bold("example \(i + 1)")] + shown(encoded)
      }
    }
    if batch == nil {
      for (i, example) in contents.examples.prefix(count).enumerated() {
        lines += ["", Style.bold("example \(i + 1)") + " (\(example.file):\(example.line))"]
        if !example.system.isEmpty { lines.append("\(Style.dim("system:")) \(example.system)") }
        for turn in example.prompt + example.response {
          lines.append("\(Style.dim(turn.role.rawValue + ":")) \(turn.content)")
        }
      }
    }
    return lines
  }

  private func histogram() -> [String] {
    let sorted = lengths.sorted()
    guard let longest = sorted.last else { return ["no sequences"] }
    let total = sorted.reduce(0, +)
    var lines = [
      "\(counted(sorted.count, "sequence")), \(total) tokens; median \(sorted[sorted.count / 2]), "
        + "95% within \(sorted[min(sorted.count - 1, sorted.count * 95 / 100)]), longest \(longest)"
    ]
    var rows: [(String, Int)] = []
    var start = 0
    var end = 16
    while start <= longest {
      let count = sorted.count { $0 >= start && $0 < end }
      rows.append(("\(start)-\(end - 1)", count))
      (start, end) = (end, end * 2)
    }
    let most = max(rows.map(\.1).max() ?? 1, 1)
    let shown = rows.map { [$0.0, String($0.1), String(repeating: "▇", count: $0.1 * 40 / most)] }
    lines += table(shown, alignRight: [0, 1]).map { "  " + $0 }
    return lines
  }

  private func shown(_ example: EncodedExample) -> [String] {
    switch example {
    case .sequence(let sequence): return [marked(sequence)]
    case .pair(let chosen, let rejected):
      return [
        Style.bold("chosen:"), marked(chosen), Style.bold("rejected:"), marked(rejected),
      ]
    case .feedback(let sequence, _, let isDesired):
      return [Style.bold(isDesired ? "desired:" : "not desired:"), marked(sequence)]
    case .packed(let packed): return [marked(packed.sequence)]
    }
  }

  /// The text with what is trained on in colour, between marks.
  private func marked(_ sequence: EncodedSequence) -> String {
    guard let tokenizer else { return "" }
    var out = ""
    var start = 0
    while start < sequence.ids.count {
      let isMasked = sequence.labels[start] == EncodedSequence.ignored
      var end = start
      while end < sequence.ids.count,
        (sequence.labels[end] == EncodedSequence.ignored) == isMasked
      { end += 1 }
      let text = tokenizer.decode(Array(sequence.ids[start..<end]))
      out += isMasked ? Style.dim(text) : Style.good("\u{27E6}\(text)\u{27E7}")
      start = end
    }
    return out
  }
}
