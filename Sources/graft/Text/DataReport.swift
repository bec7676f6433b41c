import Datasets
import Diagnostics
import StrictJSON
import Tokenization

/// What `graft data` says about a data set, gathered row by row.
struct DataReport {
  var stage: EncodingStage?
  var rowCount = 0
  var exampleCount = 0
  var dropped = DroppedRows()
  var tokenizer: Tokenizer?
  private let exampleLimit: Int
  private var isEncoded = false
  private var truncated = 0
  private var equalPairs = 0
  private var nothingToLearn = 0
  private var learnedTokens = 0
  /// How many sequences have a length: of a pair, the longer one's.
  private var lengths: [Int: Int] = [:]
  private var examples: [Example] = []
  private var sequences: [EncodedExample] = []

  /// An empty report that will show some examples.
  init(exampleLimit: Int) { self.exampleLimit = exampleLimit }

  // MARK: Gathering

  /// Counts an example.
  mutating func add(_ example: Example) {
    exampleCount += 1
    if wantsExamples { examples.append(example) }
  }

  /// Whether further examples would be shown.
  var wantsExamples: Bool { examples.count < exampleLimit }

  /// Shows an example that is counted elsewhere.
  mutating func show(_ example: Example) { examples.append(example) }

  /// Counts what was encoded of examples.
  mutating func add(_ batch: ExampleEncoder.Batch) {
    isEncoded = true
    dropped.add(batch.dropped)
    truncated += batch.truncatedCount
    for example in batch.encoded { add(example) }
  }

  /// Counts a preference row.
  mutating func add(_ outcome: PairEncoder.Outcome, at place: RowPlace) {
    isEncoded = true
    rowCount += 1
    switch outcome {
    case .dropped(let reason): dropped.add(reason, at: place)
    case .pair(let pair, let isCut):
      exampleCount += 1
      truncated += isCut ? 1 : 0
      add(
        .pair(
          chosen: EncodedSequence(shared: pair.prompt, own: pair.chosen),
          rejected: EncodedSequence(shared: pair.prompt, own: pair.rejected)))
    }
  }

  private mutating func add(_ example: EncodedExample) {
    if sequences.count < exampleLimit { sequences.append(example) }
    let length: Int
    let parts: [EncodedSequence]
    switch example {
    case .sequence(let sequence), .feedback(let sequence, _, _):
      (length, parts) = (sequence.ids.count, [sequence])
    case .pair(let chosen, let rejected):
      (length, parts) = (max(chosen.ids.count, rejected.ids.count), [chosen, rejected])
      if chosen == rejected { equalPairs += 1 }
    case .packed(let packed):
      (length, parts) = (packed.segments.count { $0 > 0 }, [packed.sequence])
    }
    lengths[length, default: 0] += 1
    let learned = parts.reduce(0) { $0 + $1.labels.count { $0 != EncodedSequence.ignored } }
    learnedTokens += learned
    if learned == 0 { nothingToLearn += 1 }
  }

  // MARK: As JSON

  var json: JSONValue {
    var out = JSONObject()
    out["stage"] = stage.map { .string($0.rawValue) } ?? .null
    out["rows"] = JSONValue(rowCount)
    out["examples"] = JSONValue(exampleCount)
    out["dropped"] = dropped.json
    if isEncoded {
      out["sequences"] = JSONValue(lengths.values.reduce(0, +))
      out["tokens"] = JSONValue(lengths.reduce(0) { $0 + $1.key * $1.value })
      out["learned_tokens"] = JSONValue(learnedTokens)
      out["truncated"] = JSONValue(truncated)
      out["equal_pairs"] = JSONValue(equalPairs)
      out["nothing_to_learn"] = JSONValue(nothingToLearn)
      out["lengths"] = .array(
        lengths.sorted { $0.key < $1.key }.map { [JSONValue($0.key), JSONValue($0.value)] })
    }
    return .object(out)
  }

  // MARK: As text

  /// The report, problems first.
  func text() -> [String] {
    var lines: [String] = []
    func warn(_ text: String) { lines.append("\(Style.warning("warning:")) \(text)") }
    for (reason, rows) in dropped.reasons {
      let places = rows.places.map { "\($0.file):\($0.line)" }.joined(separator: ", ")
      warn(
        "\(counted(rows.count, "row")) left out: \(reason.rawValue) "
          + "(\(places)\(rows.count > rows.places.count ? ", ..." : ""))")
    }
    if truncated > 0 { warn("\(counted(truncated, "example")) cut to cutoff_len") }
    if equalPairs > 0 { warn("\(counted(equalPairs, "pair")) with two answers that are the same") }
    if nothingToLearn > 0 { warn("\(counted(nothingToLearn, "example")) with nothing to learn") }
    lines.append(
      "\(counted(rowCount, "row")), \(counted(exampleCount, "example"))"
        + (stage.map { ", stage \($0.rawValue)" } ?? ""))
    if isEncoded { lines += histogram() }
    for (i, example) in examples.enumerated() { lines += shown(example, number: i + 1) }
    for (i, sequence) in sequences.enumerated() {
      lines += ["", Style.bold("sequence \(i + 1), what is learned between \u{27E6} and \u{27E7}")]
      lines += shown(sequence)
    }
    return lines
  }

  private func histogram() -> [String] {
    let sorted = lengths.sorted { $0.key < $1.key }
    let count = sorted.reduce(0) { $0 + $1.value }
    guard let longest = sorted.last?.key else { return ["no sequences"] }
    func length(ofRank rank: Int) -> Int {
      var seen = 0
      return sorted.first {
        seen += $0.value
        return seen > rank
      }?.key ?? longest
    }
    let total = sorted.reduce(0) { $0 + $1.key * $1.value }
    var lines = [
      "\(counted(count, "sequence")), \(total) tokens, \(learnedTokens) learned; "
        + "median \(length(ofRank: count / 2)), "
        + "95% within \(length(ofRank: min(count - 1, count * 95 / 100))), longest \(longest)"
    ]
    var rows: [(String, Int)] = []
    var (start, end) = (0, 16)
    while start <= longest {
      let inside = sorted.reduce(0) { $0 + (start..<end ~= $1.key ? $1.value : 0) }
      rows.append(("\(start)-\(end - 1)", inside))
      (start, end) = (end, end * 2)
    }
    let most = max(rows.map(\.1).max() ?? 1, 1)
    let shown = rows.map { [$0.0, String($0.1), String(repeating: "▇", count: $0.1 * 40 / most)] }
    lines += table(shown, alignRight: [0, 1]).map { "  " + $0 }
    return lines
  }

  private func shown(_ example: Example, number: Int) -> [String] {
    var lines = ["", Style.bold("example \(number)") + " (\(example.file):\(example.line))"]
    if !example.system.isEmpty { lines.append("\(Style.dim("system:")) \(example.system)") }
    let names =
      switch stage {
      case .rm: ["chosen", "rejected"]
      case .kto: ["desired", "not desired"]
      default: example.response.map(\.role.rawValue)
      }
    for turn in example.prompt {
      lines.append(Style.dim("\(turn.role.rawValue):") + " " + turn.content)
    }
    for (name, turn) in zip(names, example.response) where stage != .kto || !turn.content.isEmpty {
      lines.append("\(Style.good("\(name):")) \(turn.content)")
    }
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

extension EncodedSequence {
  /// What both answers begin with, and what is one's own.
  fileprivate init(shared: [Int32], own: [Int32]) {
    self.init(
      ids: shared + own,
      labels: [Int32](repeating: Self.ignored, count: shared.count) + own)
  }
}
