import Diagnostics
import FileIO
import StrictJSON
import TestSupport
import Testing

@testable import Training

struct PreferenceDataTests {
  private func pairs(
    _ entry: String, _ rows: String, fileName: String = "rows.json", limit: Int? = nil
  ) throws -> [PreferencePair] {
    let directory = try TemporaryDirectory()
    let info = "{\"pairs\": \(entry), \"unused\": {\"file_name\": \"x.json\"}}"
    _ = try directory.write(Array(info.utf8), to: "dataset_info.json")
    _ = try directory.write(Array(rows.utf8), to: fileName)
    return try PreferenceData.read(["pairs"], directory: directory.path, limit: limit)
  }

  private func failure(_ entry: String, _ rows: String, fileName: String = "rows.json")
    -> GraftError?
  {
    #expect(throws: GraftError.self) { _ = try pairs(entry, rows, fileName: fileName) }
  }

  private let alpaca = #"{"file_name": "rows.json", "ranking": true}"#
  private let shared =
    #"{"file_name": "rows.json", "ranking": true, "formatting": "sharegpt"}"#

  private func message(_ role: String, _ text: String) -> JSONValue {
    ["role": .string(role), "content": .string(text)]
  }

  @Test func alpacaRows() throws {
    let pairs = try pairs(
      """
      {"file_name": "rows.json", "ranking": true, "columns": {"prompt": "instruction",
       "query": "input", "chosen": "good", "rejected": "bad", "system": "rules",
       "history": "before", "margin": "by"}}
      """,
      """
      [
        {"instruction": "Add", "input": "1 + 1", "good": "2", "bad": "3", "by": 0.5,
         "rules": "Be short.", "before": [["Hi", "Hello"]]},
        {"instruction": "Name a fruit,\\n[\\"]", "good": "Fig", "bad": "Brick"}
      ]
      """)
    #expect(
      pairs[0].prompt == [
        message("system", "Be short."), message("user", "Hi"), message("assistant", "Hello"),
        message("user", "Add\n1 + 1"),
      ])
    #expect(pairs[0].chosen == message("assistant", "2") && pairs[0].margin == 0.5)
    #expect(pairs[1].prompt == [message("user", "Name a fruit,\n[\"]")])
    #expect(pairs[1].rejected == message("assistant", "Brick") && pairs[1].margin == 0)
    #expect(pairs.map(\.line) == [2, 4])
  }

  @Test func columnsThatAreNotNamedAreAbsent() throws {
    let entry = """
      {"file_name": "rows.json", "ranking": true,
       "columns": {"prompt": "instruction", "chosen": "chosen", "rejected": "rejected"}}
      """
    let row = #"[{"instruction": "a", "input": "b", "chosen": "c", "rejected": "d"}]"#
    #expect(try pairs(entry, row)[0].prompt == [message("user", "a")])
    #expect(try pairs(alpaca, row)[0].prompt == [message("user", "a\nb")])
    let incomplete =
      #"{"file_name": "rows.json", "ranking": true, "columns": {"prompt": "instruction"}}"#
    #expect(failure(incomplete, row)?.message.contains("'chosen'") == true)
  }

  @Test func sharedRowsAndLines() throws {
    let row = """
      {"conversations": [{"from": "system", "value": "S"}, {"from": "human", "value": "Q"}], \
      "chosen": {"from": "gpt", "value": "A"}, "rejected": {"from": "gpt", "value": "B"}}
      """
    let entry = shared.replacing("rows.json", with: "rows.jsonl")
    let pairs = try pairs(entry, "\n\(row)\n\n\(row)\n\(row)", fileName: "rows.jsonl", limit: 2)
    #expect(pairs.map(\.line) == [2, 4])
    #expect(pairs[0].prompt == [message("system", "S"), message("user", "Q")])
    #expect(pairs[0].chosen == message("assistant", "A"))
    let openai = #"{"file_name": "rows.json", "ranking": true, "formatting": "openai"}"#
    let other = """
      [{"messages": [{"role": "user", "content": "Q"}], "chosen": {"role": "assistant",
       "content": "A"}, "rejected": {"role": "assistant", "content": "B"}}]
      """
    #expect(try self.pairs(openai, other)[0].prompt == [message("user", "Q")])
  }

  @Test(arguments: [
    (#"{"instruction": "a", "chosen": "c"}"#, "has no 'rejected'"),
    (
      #"{"instruction": "a", "chosen": ["c"], "rejected": "d"}"#,
      "'chosen' must be text, found a list"
    ),
    (#"{"instructions": "a", "chosen": "c", "rejected": "d"}"#, "there is 'instructions'"),
    (#""text""#, "is a string, expected an object"),
    (#"{"instruction": "", "chosen": "c", "rejected": "d"}"#, "the prompt is empty"),
  ])
  func badAlpacaRows(row: String, message: String) throws {
    let good = #"{"instruction": "a", "chosen": "c", "rejected": "d"}"#
    let error = try #require(failure(alpaca, "[\(good),\n\n\(row)]"))
    #expect(error.line == 3 && error.message.contains("row 2"))
    #expect(error.message.contains(message), "\(error.message)")
    #expect(error.code.kind == .input)
  }

  @Test(arguments: [
    (#"[{"from": "human", "value": "Q"}, {"from": "gpt", "value": "A"}]"#, "end with a question"),
    (#"[{"from": "gpt", "value": "A"}]"#, "take turns"),
    (#"[{"from": "robot", "value": "A"}]"#, "unknown role 'robot'"),
    (#"[{"role": "human", "value": "A"}]"#, "no 'from'"),
    (#"[{"from": "human", "value": 1}]"#, "no 'value'"),
    (#"[]"#, "no message"),
    (#"{}"#, "must be a list of messages, found an object"),
  ])
  func badConversations(messages: String, problem: String) throws {
    let answer = #"{"from": "gpt", "value": "x"}"#
    let row = #"{"conversations": \#(messages), "chosen": \#(answer), "rejected": \#(answer)}"#
    let error = try #require(failure(shared, row))
    #expect(error.message.contains(problem), "\(error.message)")
  }

  @Test(arguments: [
    ("[{\"a\": 1},\n{\"a\": tru}]", 2), ("[{\"a\": 1}\n{\"a\": 1}]", nil), ("[{\"a\": 1},\n", 2),
    ("[{\"a\": 1}] x", 1), ("{\"a\": 1}\n{\"a\": \n", 2),
  ])
  func brokenFilesHaveALine(text: String, line: Int?) throws {
    let entry = """
      {"file_name": "rows.json", "ranking": true,
       "columns": {"prompt": "a", "chosen": "a", "rejected": "a"}}
      """
    let error = try #require(failure(entry, text.replacing("1", with: "\"1\"")))
    #expect(line == nil || error.line == line, "\(error)")
    #expect(error.code.kind == .input)
  }

  @Test(arguments: [
    (#"{"file_name": "rows.json"}"#, "not said to hold preference pairs"),
    (#"{"hf_hub_url": "a/b", "ranking": true}"#, "downloads no data sets"),
    (#"{"file_name": "rows.parquet", "ranking": true}"#, ".json and .jsonl"),
    (#"{"file_name": "rows.json", "rankin": true}"#, "unknown key 'rankin'"),
    (#"{"file_name": "rows.json", "ranking": true, "formatting": "csv"}"#, "formatting"),
    (#"{"file_name": "rows.json", "ranking": true, "columns": {"chose": "a"}}"#, "columns.chose"),
  ])
  func badEntries(entry: String, message: String) throws {
    let error = try #require(failure(entry, "[]"))
    #expect(error.message.contains(message), "\(error.message)")
    #expect(error.file?.contains("dataset_info.json") == true || entry.contains("parquet"))
  }

  @Test func anEmptyOrUnknownDatasetIsNamed() throws {
    #expect(failure(alpaca, "[]")?.message.contains("no rows") == true)
    #expect(failure(alpaca, "")?.message.contains("no rows") == true)
    let directory = try TemporaryDirectory()
    _ = try directory.write(Array(#"{"pairs_en": {}}"#.utf8), to: "dataset_info.json")
    let error = #expect(throws: GraftError.self) {
      _ = try PreferenceData.read(["pairs_eng"], directory: directory.path)
    }
    #expect(error?.remedy?.contains("pairs_en") == true)
  }

  @Test(.enabled(if: Shared.isPresent, "needs ../shared"))
  func readsLLaMAFactorysOwnDemo() throws {
    let directory = "\(Shared.path ?? "")/assets/data/llamafactory"
    // The data set holds 300 rows, as its README and Python's json module count them.
    #expect(try PreferenceData.read(["dpo_en_demo"], directory: directory).count == 300)
  }
}
