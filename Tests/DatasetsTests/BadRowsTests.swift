import Diagnostics
import FileIO
import StrictJSON
import TestSupport
import Testing

@testable import Datasets

/// Data that is broken, or made to do harm: each a clear error with file and line.
@Suite struct `Bad data is named with its place` {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func failure(_ bytes: [UInt8], _ name: String) throws -> GraftError? {
    let path = try directory.write(bytes, to: name)
    let error = #expect(throws: GraftError.self) {
      try DatasetReader(files: [path]).forEach { (_, _) throws(GraftError) in }
    }
    #expect(error?.file == path && error?.code.kind == .input)
    return error
  }

  private let good = Array("{\"text\": \"fine\"}\n".utf8)

  @Test func brokenText() throws {
    let invalid = Array("{\"text\": \"a".utf8) + [0xC3, 0x28] + Array("\"}\n".utf8)
    #expect(try failure(good + invalid, "a.jsonl")?.line == 2)
    #expect(try failure(good + Array(#"{"text": "\ud800 alone"}"#.utf8), "b.jsonl")?.line == 2)
    #expect(try failure(good + Array("{\"text\": \"a\0b\"}".utf8), "c.jsonl")?.line == 2)
    #expect(try failure(Array("one\ntw".utf8) + [0], "d.txt")?.line == 2)
    #expect(try failure(Array("one\ntwo\n".utf8) + [0xFF, 0xFE], "e.txt")?.line == 3)
    #expect(try failure(Array("text\na\n\"b".utf8) + [0, 0x22], "f.csv")?.line == 3)
    // UTF-16, as some programs save it.
    #expect(try failure([0xFF, 0xFE, 0x61, 0, 0x0A, 0], "g.txt")?.line == 1)
    #expect(try failure([0xFF, 0xFE, 0x7B, 0], "h.json")?.line == 1)
    #expect(try failure(good + Array("{\"text\": NaN}".utf8), "i.jsonl")?.line == 2)
    #expect(try failure(good + Array("{\"text\": 1, \"text\": 2}".utf8), "j.jsonl")?.line == 2)
  }

  @Test(arguments: ["{\"text\": ", ""]) func deeplyNested(opening: String) throws {
    let depth = 100_000
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
      let row =
        opening + String(repeating: open, count: depth) + "1"
        + String(repeating: close, count: depth) + (opening.isEmpty ? "" : "}")
      let lines = opening.isEmpty && open == "[" ? [] : good
      #expect(try failure(lines + Array(row.utf8), "deep\(open.count).jsonl") != nil)
    }
  }

  @Test func aHugeLine() throws {
    let size = 100 << 20
    var line = Array("{\"text\": \"".utf8)
    line += [UInt8](repeating: 0x61, count: size)
    line += Array("\"}\n".utf8)
    let error = try failure(good + good + line, "huge.jsonl")
    #expect(error?.line == 3 && error?.message.contains("longer than 64 MiB") == true)
    let text = try failure(Array("a\n".utf8) + [UInt8](repeating: 0x61, count: size), "huge.txt")
    #expect(text?.line == 2 && text?.message.contains("longer than 64 MiB") == true)
  }

  @Test(arguments: ["[", "[{}", "[{},", "[{} {}]", "[{}] x", "{", "{}\n{", "[{},\n\n{\"a\"]"])
  func cutShort(text: String) throws { #expect(try failure(Array(text.utf8), "cut.json") != nil) }

  /// What LLaMA-Factory leaves out in silence is counted, with its places.
  @Test func conversationsThatAreOutOfOrder() throws {
    func turn(_ role: String) -> String { "{\"from\": \"\(role)\", \"value\": \"x\"}" }
    let rows = [
      [], ["gpt"], ["human", "human"], ["human", "gpt", "gpt"], ["human"], ["human", "gpt"],
      ["robot", "gpt"],
    ].map { (roles: [String]) in
      "{\"conversations\": [\(roles.map(turn).joined(separator: ", "))]}\n"
    }
    let path = try directory.write(Array(rows.joined().utf8), to: "rows.jsonl")
    let contents = try DatasetReader(files: [path]).read()
    #expect(contents.rowCount == 7 && contents.examples.map(\.line) == [6])
    #expect(contents.dropped.count == 6)
    #expect(contents.dropped[.missingAnswer].places == [RowPlace(file: path, line: 1)])
    #expect(contents.dropped[.wrongTurnCount].places == [RowPlace(file: path, line: 5)])
    #expect(contents.dropped[.rolesOutOfOrder].count == 4)
    // No more than the first three places are kept.
    #expect(contents.dropped[.rolesOutOfOrder].places.map(\.line) == [2, 3, 4])
  }

  @Test(arguments: [
    #"{"messages": [{"role": "user"}]}"#, #"{"messages": [{"content": "x"}]}"#,
    #"{"messages": 1}"#, #"{"messages": ["x"]}"#, #"{"prompt": 1, "completion": "x"}"#,
    #"{"conversations": [{"from": "human"}]}"#, #"{"unknown": 1}"#, #""text""#, "1",
    #"{"prompt": "q", "label": true}"#,
  ])
  func rowsOfNoLayout(text: String) throws {
    #expect(try failure(Array("\n\(text)".utf8), "rows.jsonl")?.line == 2)
  }
}
