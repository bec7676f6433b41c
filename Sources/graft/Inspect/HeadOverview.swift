import Adapters
import Checkpoint
import Diagnostics
import FileIO
import Heads
import StrictJSON
import TensorCore

/// The heads of a directory, measured, and what tools would do with them.
struct HeadOverview {
  let directory: String
  let search: HeadSearch
  let statistics: [HeadStatistics]
  let readers: [HeadReader]
  private(set) var normalization: RewardNormalization?
  private(set) var declaration = HeadDeclaration()
  private(set) var findings: [Finding] = []

  init(_ directory: String, names: [String] = []) throws(GraftError) {
    self.directory = directory
    let isAdapter = Adapter.isAdapter(directory)
    let config =
      !isAdapter || fileExists("\(directory)/config.json")
      ? try ModelConfig(directory: directory) : nil
    let prefixes = config?.headPrefixes ?? []
    if isAdapter {
      let adapter = try Adapter(directory)
      declaration = try HeadDeclaration(
        adapter.config.json, file: adapter.config.file ?? directory)
      search = try HeadSearch(directory, store: adapter.store, names: names + prefixes)
      let saved = adapter.config.savedModules
      readers = HeadReader.all(forAdapter: search, isClassifier: saved.contains("score"))
    } else {
      let model = try ModelDirectory(directory)
      search = try HeadSearch(model, names: names)
      readers = HeadReader.all(search, config: model.config)
      findings = search.findings(config: model.config)
    }
    let range = try config?.optionalNumber("initializer_range") ?? 0.02
    var measured: [HeadStatistics] = []
    for head in search.heads {
      measured.append(try HeadStatistics(head, initializerRange: range))
    }
    statistics = measured
    findings += zip(search.heads, statistics).compactMap { $0.finding($1) }
    if let config {
      normalization = try? RewardNormalization(config)
      if !isAdapter { declaration = (try? config.headDeclaration) ?? declaration }
    }
    let isReported = findings.contains { $0.detail.code == .headMissing }
    if search.heads.isEmpty, !isReported {
      do { _ = try search.choose() } catch { findings.append(Finding(.problem, error)) }
    }
    findings = findings.byWeight
  }

  // MARK: - For people

  var text: [String] {
    var lines = [Style.bold(directory)] + findings.map { "  " + $0.text }
    for (head, values) in zip(search.heads, statistics) { lines += Self.text(head, values) }
    var facts: [[String]] = []
    if !declaration.offset.isEmpty {
      let numbers = declaration.offset.map { "\($0)" }.joined(separator: ", ")
      facts.append(["declared offset", "\(numbers), added to every score"])
    }
    if let fresh = declaration.fresh {
      facts.append(
        ["declared fresh", "normal with deviation \(fresh.deviation), seed \(fresh.seed)"])
    }
    if let normalization { facts.append(["normalisation", normalization.text]) }
    lines += table(facts)
    lines.append("  what tools would do with it as it stands:")
    lines += table(
      readers.map { [$0.tool, $0.outcome.text, $0.reason] }, indent: "    ")
    return lines
  }

  private static func text(_ head: Head, _ values: HeadStatistics) -> [String] {
    let place = head.isBeside ? "beside the weights" : "in the weights"
    var rows = [
      ["head", "\(head.name), \(head.labelCount) x \(head.hiddenSize) (\(head.kind.writer))"],
      ["file", "\(splitPath(head.weight.file).name), \(place)"],
      ["tensors", head.tensors.map(\.spec.description).joined(separator: ", ")],
      [
        "values",
        "mean \(short(values.mean)), deviation \(short(values.deviation)), "
          + "largest \(short(values.largest))",
      ],
      ["looks", values.verdict.text],
    ]
    if head.isStacked {
      rows.append(["layers", "\(head.inner.count + 1), with activations that no file names"])
    }
    return table(rows)
  }

  // MARK: - For programs

  var json: JSONValue {
    var out = JSONObject()
    out["directory"] = .string(directory)
    out["heads"] = .array(zip(search.heads, statistics).map { $0.json($1) })
    out["declaration"] = declaration.json ?? .null
    out["normalization"] = normalization?.json ?? .null
    out["readers"] = .array(
      readers.map {
        [
          "tool": .string($0.tool), "outcome": .string($0.outcome.rawValue),
          "reason": .string($0.reason),
        ]
      })
    out["findings"] = .array(findings.map(\.json))
    return .object(out)
  }
}

extension Head {
  /// What is wrong with the values, if anything.
  func finding(_ values: HeadStatistics) -> Finding? {
    switch values.verdict {
    case .allZero: Finding(.problem, .headEmpty(self))
    case .notFinite: Finding(.problem, .headBroken(self))
    case .fresh, .trained: nil
    }
  }
}

extension HeadReader.Outcome {
  var text: String {
    switch self {
    case .uses: Style.good("uses it")
    case .usesInPart: Style.warning("loses part of it")
    case .random: Style.bad("starts a random one")
    case .refuses: Style.bad("refuses")
    }
  }
}

extension HeadStatistics.Verdict {
  /// The name for programs.
  var name: String {
    switch self {
    case .allZero: "all-zero"
    case .notFinite: "not-finite"
    case .fresh: "fresh"
    case .trained: "trained"
    }
  }

  var text: String {
    switch self {
    case .allZero: "empty: every value is zero"
    case .notFinite: "broken: NaN or infinity among the values"
    case .fresh(let draw): "like a fresh draw: cannot be told from \(draw.name)"
    case .trained: "trained: of no known way to draw a head"
    }
  }
}

extension RewardNormalization {
  var text: String {
    "(r - \(mean)) / \(deviation)"
      + (isActive ? "" : ", not in effect (normalize_reward is not true)")
  }

  var json: JSONValue {
    [
      "mean": .number(JSONNumber(mean)), "std": .number(JSONNumber(deviation)),
      "active": .bool(isActive),
    ]
  }
}

extension Head {
  /// The facts for programs.
  func json(_ values: HeadStatistics) -> JSONValue {
    var out = JSONObject()
    out["module"] = .string(kind.module)
    out["tensor"] = .string(weight.spec.name)
    out["file"] = .string(weight.file)
    out["beside"] = .bool(isBeside)
    out["labels"] = JSONValue(labelCount)
    out["hidden"] = JSONValue(hiddenSize)
    out["layers"] = JSONValue(inner.count + 1)
    out["dtype"] = .string(weight.spec.dtype.rawValue)
    out["bias"] = .bool(bias != nil)
    out["standard"] = .bool(kind.isStandard && !isBeside && !isStacked)
    out["looks"] = .string(values.verdict.name)
    if case .fresh(let draw) = values.verdict { out["draw"] = .string(draw.name) }
    if values.verdict != .notFinite {
      out["mean"] = .number(JSONNumber(values.mean))
      out["deviation"] = .number(JSONNumber(values.deviation))
      out["largest"] = .number(JSONNumber(values.largest))
    }
    return .object(out)
  }
}

/// A number with three digits that count.
func short(_ value: Double) -> String {
  guard value != 0, value.isFinite else { return "\(value)" }
  var (mantissa, exponent) = (value, 0)
  while mantissa.magnitude >= 10 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
  while mantissa.magnitude < 1 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
  return (-4...3).contains(exponent)
    ? fixed(value, max(0, 2 - exponent)) : "\(fixed(mantissa, 2))e\(exponent)"
}
