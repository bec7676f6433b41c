import Diagnostics
import FileIO
import StrictJSON
import TestSupport
import Testing

@testable import Datasets

@Suite struct `Layouts are told by their columns` {
  private func convert(_ text: String) throws -> RowConverter.Outcome {
    let row = DataRow(value: try JSONValue.parse(text), line: 3)
    return try RowLayout(row, file: "f").convert(row, file: "f")
  }

  private func expect(
    _ text: String, prompt: [Turn], response: [Turn], system: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let wanted = Example(prompt: prompt, response: response, system: system, file: "f", line: 3)
    #expect(try convert(text) == .example(wanted), sourceLocation: sourceLocation)
  }

  @Test func preferences() throws {
    try expect(
      #"{"prompt": "q", "chosen": "a", "rejected": "b"}"#,
      prompt: [Turn(.user, "q")], response: [Turn(.assistant, "a"), Turn(.assistant, "b")])
    try expect(
      #"""
      {"chosen": [{"role": "system", "content": "s"}, {"role": "user", "content": "q"},
      {"role": "assistant", "content": "a"}], "rejected": [{"role": "system", "content": "s"},
      {"role": "user", "content": "q"}, {"role": "assistant", "content": "b"}]}
      """#,
      prompt: [Turn(.user, "q")], response: [Turn(.assistant, "a"), Turn(.assistant, "b")],
      system: "s")
    // Without a prompt, texts share one up to the space before they differ.
    try expect(
      #"{"chosen": "the sky is blue", "rejected": "the sky is green"}"#,
      prompt: [Turn(.user, "the sky is")],
      response: [Turn(.assistant, " blue"), Turn(.assistant, " green")])
  }

  @Test func others() throws {
    try expect(#"{"text": "t"}"#, prompt: [Turn(.user, "t")], response: [])
    try expect(
      #"{"prompt": "q", "completion": "a"}"#, prompt: [Turn(.user, "q")],
      response: [Turn(.assistant, "a")])
    try expect(
      #"{"prompt": "q", "completion": "a", "label": false}"#, prompt: [Turn(.user, "q")],
      response: [Turn(.assistant, ""), Turn(.assistant, "a")])
    try expect(
      #"{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}"#,
      prompt: [Turn(.user, "q")], response: [Turn(.assistant, "a")])
    try expect(
      #"{"instruction": "i", "input": "x", "output": "o"}"#, prompt: [Turn(.user, "i\nx")],
      response: [Turn(.assistant, "o")])
    #expect(
      try convert(
        #"{"messages": [{"role": "assistant", "content": "q"}, {"role": "user", "content": "a"}]}"#)
        == .dropped(.rolesOutOfOrder))
  }

  @Test func brokenRowsAreNamed() throws {
    for text in [
      "[1]", #"{"a": 1}"#, #"{"text": 5}"#, #"{"messages": [{"role": "x", "content": ""}]}"#,
      #"{"messages": 1}"#, #"{"prompt": "q", "chosen": 1, "rejected": "a"}"#,
    ] {
      let error = #expect(throws: GraftError.self) { try convert(text) }
      #expect(error?.file == "f" && error?.line == 3, "\(text)")
    }
  }

  @Test func datasetInfoIsChecked() throws {
    let rows = splitPath(#filePath).parent + "/Fixtures/rows"
    let info = try DatasetInfo("alpaca", directory: rows)
    #expect(info.columns["chosen"] == nil && info.columns["history"] == "history")
    #expect(info.tags["role_tag"] == "from")
    // Once columns are named, those that are not are absent.
    #expect(try DatasetInfo("prefs", directory: rows).columns["query"] == nil)
    let unknown = #expect(throws: GraftError.self) { try DatasetInfo("alpac", directory: rows) }
    #expect(unknown?.remedy?.contains("'alpaca'") == true)
    let far = #expect(throws: GraftError.self) { try DatasetInfo("far", directory: rows) }
    #expect(far?.code == .datasetNotLocal)
    #expect(
      try DatasetInfo.files("\(rows)/share*.jsonl").map { splitPath($0).name } == ["share.jsonl"])
    #expect(throws: GraftError.self) { try DatasetInfo.files(rows) }
    #expect(throws: GraftError.self) { try DatasetInfo.files("\(rows)/none*.json") }
  }

  @Test func setsAreMixed() {
    func order(_ strategy: MixStrategy) -> [[Int]] {
      strategy.order([1, 3]).map { [$0.set, $0.row] }
    }
    #expect(order(.concat) == [[0, 0], [1, 0], [1, 1], [1, 2]])
    #expect(order(.interleaveUnder) == [[0, 0], [1, 0]])
    #expect(order(.interleaveOver) == [[0, 0], [1, 0], [0, 0], [1, 1], [0, 0], [1, 2]])
    #expect(order(.interleaveOnce) == [[0, 0], [1, 0], [1, 1], [1, 2]])
  }

  @Test func lengthsAreInferred() {
    #expect(keptLengths(prompt: 100, answer: 10, cutoff: 50) == (40, 10))
    #expect(keptLengths(prompt: 10, answer: 100, cutoff: 50) == (10, 40))
    #expect(keptLengths(prompt: 100, answer: 100, cutoff: 50) == (25, 25))
    #expect(keptLengths(prompt: 3, answer: 4, cutoff: 50) == (3, 4))
  }
}
