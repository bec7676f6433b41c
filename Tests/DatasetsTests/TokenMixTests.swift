import Diagnostics
import FileIO
import StrictJSON
import TestSupport
import Testing

@testable import Datasets

/// Fixtures by Scripts/golden/mixed_rows.py, which says the version.
@Suite struct `Data sets are mixed as LLaMA-Factory mixes them` {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  /// The tokens of a data set in which row `i` has the one record `[set, i]`.
  private func cache(_ set: Int, rows: Int, without left: Set<Int> = []) throws -> TokenCache {
    var parts = JSONObject()
    parts["set"] = [JSONValue(set), JSONValue(rows), .string("\(left.sorted())")]
    return try TokenCache.open(TokenCacheKey(parts), in: directory.path) {
      (writer) throws(GraftError) in
      for row in 0..<rows where !left.contains(row) {
        try writer.append([Int32(set), Int32(row)], row: row)
      }
      writer.rowCount = rows
    }.cache
  }

  private func order(_ value: JSONValue) throws -> JSONValue {
    var random = NumPyTwister(seed: UInt32(try #require(value["seed"]?.int)))
    var parts: [TokenMix.Part] = []
    for (i, count) in try #require(value["counts"]?.array).enumerated() {
      parts.append(
        TokenMix.Part(
          name: "\(i)", cache: try cache(i, rows: #require(count.int)),
          sampleCount: value["num_samples"]?.array?[i].int, limit: value["max_samples"]?.int))
    }
    var rule = TokenMix.Rule()
    rule.strategy = try #require(MixStrategy(rawValue: value["mix_strategy"]?.string ?? ""))
    rule.probabilities = value["interleave_probs"]?.array?.compactMap(\.double)
    rule.seed = UInt64(try #require(value["seed"]?.int))
    let mix = try TokenMix(parts, rule: rule, random: &random)
    return .array(
      try (0..<mix.count).map { .array(try mix.record($0).map { JSONValue(Int($0)) }) })
  }

  @Test func goldenOrders() throws {
    let folder = splitPath(#filePath).parent + "/Fixtures"
    let golden = try JSONValue.parse(readFile("\(folder)/mixes.json"))
    let cases = golden["cases"]?.array ?? []
    #expect(cases.count > 10)
    for value in cases { #expect(try order(value) == value["order"], "\(value.text())") }
  }

  /// Live, on further cases.
  @Test(.enabled(if: PeersPython.has("llamafactory"), "needs LLaMA-Factory"))
  func ordersOfItsOwnLoader() throws {
    let cases: JSONValue = [
      [
        "counts": [1500, 900, 30], "num_samples": [nil, nil, nil], "max_samples": nil,
        "mix_strategy": "interleave_over", "interleave_probs": [0.6, 0.3, 0.1], "seed": 12,
      ],
      [
        "counts": [70, 40], "num_samples": [200, 10], "max_samples": 150,
        "mix_strategy": "interleave_under", "interleave_probs": [0.45, 0.55], "seed": 123_456,
      ],
      [
        "counts": [40, 3000], "num_samples": [100, 2500], "max_samples": nil,
        "mix_strategy": "interleave_once", "interleave_probs": nil, "seed": 99,
      ],
    ]
    let file = try directory.write(Array(cases.text().utf8), to: "cases.json")
    let output = try PeersPython.run([PeersPython.script("mixed_rows.py"), file])
    let results = output.split(separator: "\n").filter { $0.hasPrefix("RESULT ") }
    #expect(results.count == cases.array?.count)
    for (value, line) in zip(cases.array ?? [], results) {
      let wanted = try JSONValue.parse(String(line.dropFirst(7)))
      #expect(try order(value) == wanted, "\(value.text())")
    }
  }

  @Test func rowsThatWereLeftOutKeepTheirPlaces() throws {
    var random = NumPyTwister(seed: 1)
    let parts = [
      TokenMix.Part(name: "a", cache: try cache(0, rows: 4, without: [1])),
      TokenMix.Part(name: "b", cache: try cache(1, rows: 2)),
    ]
    func rows(_ rule: TokenMix.Rule) throws -> [[Int32]] {
      let mix = try TokenMix(parts, rule: rule, random: &random)
      return try (0..<mix.count).map { try mix.record($0) }
    }
    var rule = TokenMix.Rule()
    #expect(try rows(rule) == [[0, 0], [0, 2], [0, 3], [1, 0], [1, 1]])
    rule.strategy = .interleaveOver
    #expect(
      try rows(rule) == [[0, 0], [1, 0], [1, 1], [0, 2], [1, 0], [0, 3], [1, 1]])
  }

  @Test(arguments: [[0.5], [0.5, 0.6], [1.5, -0.5], [1, 0]])
  func wrongProbabilitiesAreRefused(probabilities: [Double]) throws {
    var random = NumPyTwister(seed: 1)
    var rule = TokenMix.Rule()
    (rule.strategy, rule.probabilities) = (.interleaveOver, probabilities)
    let parts = try (0..<2).map {
      TokenMix.Part(name: "\($0)", cache: try cache($0, rows: 3))
    }
    let error = #expect(throws: GraftError.self) {
      try TokenMix(parts, rule: rule, random: &random)
    }
    #expect(error?.code == .invalidMix)
  }
}
