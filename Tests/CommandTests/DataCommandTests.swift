import FileIO
import StrictJSON
import TestSupport
import Testing

/// `graft data`: what training will see, problems first.
@Suite(.enabled(if: GraftCommand.isPresent, "needs the built program")) struct DataCommandTests {
  private let directory: TemporaryDirectory
  private let model: String

  init() throws {
    directory = try TemporaryDirectory()
    model = directory.file("model")
    try TinyModel.write(to: model)
  }

  private func write(_ lines: [String], _ name: String) throws -> String {
    try directory.write(Array((lines.joined(separator: "\n") + "\n").utf8), to: name)
  }

  private func report(_ arguments: String...) throws -> JSONValue {
    let result = try GraftCommand.run(["data"] + arguments + ["--json"])
    return try JSONValue.parse(result.output)
  }

  @Test func preferencesAreThoseOfTraining() throws {
    let file = try write(
      [
        #"{"prompt": "q ", "chosen": "same", "rejected": "same"}"#,
        #"{"prompt": "q ", "chosen": "good", "rejected": "bad"}"#,
        #"{"prompt": "\#(String(repeating: "long ", count: 40))", "chosen": "a", "rejected": "b"}"#,
      ], "pairs.jsonl")
    let json = try report(file, "--model", model, "--cutoff-len", "50")
    #expect(json["stage"] == "rm" && json["rows"] == 3 && json["examples"] == 1)
    #expect(json["dropped"]?["sameAnswers"]?["count"] == 1)
    #expect(json["dropped"]?["tooLong"]?["first"] == [.string("\(file):3")])
    #expect(json["sequences"] == 1 && json["lengths"] == [[7, 1]])
    // "good<end>" and "bad<end>"
    #expect(json["learned_tokens"] == 9)
    let text = try GraftCommand.run(["data", file, "--model", model, "--cutoff-len", "50"])
    let lines = text.output.split(separator: "\n").map(String.init)
    #expect(text.code == 0 && lines[0].hasPrefix("warning: 1 row left out: longer"))
    #expect(lines[0].contains("\(file):3") && lines[1].contains("both answers are the same"))
    #expect(lines.contains("q \u{27E6}good<end>\u{27E7}") && lines.contains("chosen: good"))
  }

  @Test func dataSetsThatAreDescribedGoThroughTheTemplate() throws {
    try TinyModel.writePairs(to: directory.file("data"), count: 5)
    let json = try report("pairs", "--dataset-dir", directory.file("data"), "--model", model)
    #expect(json["stage"] == "rm" && json["examples"] == 5 && json["truncated"] == 0)
    let cut = try report(
      "pairs", "--dataset-dir", directory.file("data"), "--model", model, "--cutoff-len", "30")
    #expect(cut["truncated"] == 5)
  }

  @Test func conversationsAreShownWithRolesAndPlaces() throws {
    let file = try write(
      [
        #"{"messages": [{"role": "user", "content": "q"}, {"role": "user", "content": "r"}]}"#,
        #"{"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "ask"}, "#
          + #"{"role": "assistant", "content": "say"}]}"#,
      ], "talk.jsonl")
    let result = try GraftCommand.run(["data", file])
    let lines = result.output.split(separator: "\n").map(String.init)
    #expect(result.code == 0 && lines[0].hasPrefix("warning: 1 row left out"))
    #expect(lines[0].contains("\(file):1") && lines.contains("example 1 (\(file):2)"))
    #expect(lines.suffix(3) == ["system: s", "user: ask", "assistant: say"])
  }

  @Test func filesWithNothingToLearnFail() throws {
    let file = try write([#"{"conversations": []}"#], "empty.jsonl")
    let result = try GraftCommand.run(["data", file])
    #expect(result.code != 0 && result.output.contains("\(file):1"))
    #expect(result.errors.contains("no row can be trained on"))
    let broken = try write([#"{"text": "a"}"#, "{\"text\": \"\\ud800\"}"], "broken.jsonl")
    let failed = try GraftCommand.run(["data", broken])
    #expect(failed.code != 0 && failed.errors.contains("\(broken):2"))
  }
}
