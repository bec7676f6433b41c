import Diagnostics
import FileIO
import StrictJSON
import TestSupport
import Testing

@testable import Datasets

/// Rows of preferences as TRL's RewardTrainer reads them.
@Suite struct `Preference rows get the tokens of TRL` {
  private static let model = "\(Shared.path ?? "")/assets/tokenizers/SmolLM2"
  private static let isPresent = directoryExists(model) && PeersPython.has("trl")
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private static let texts = [
    "", "yes", " a longer answer, with 12 numbers & signs", "über\nZeilen\u{1F600}", "<|im_end|>",
    "ends<|im_end|>", "\t tabs", String(repeating: "many words ", count: 60),
  ]

  /// Rows of every layout: text and messages, with a prompt and with an implicit one.
  private static let files: [(name: String, rows: [JSONValue])] = [
    (
      "plain",
      texts.map { ["prompt": "Q: what? A: ", "chosen": .string($0), "rejected": "no"] }
    ),
    (
      "implicit",
      texts.map { ["chosen": .string("Human: hi" + $0), "rejected": .string("Human: ho" + $0)] }
    ),
    (
      "messages",
      texts.map {
        [
          "prompt": [message("system", "Be brief."), message("user", $0)],
          "chosen": [message("assistant", "good")],
          "rejected": [message("assistant", .init($0.reversed()))],
        ]
      }
    ),
    (
      "conversations",
      texts.map {
        let asked = [message("user", "one"), message("assistant", $0), message("user", "two")]
        return [
          "chosen": .array(asked + [message("assistant", $0 + " chosen")]),
          "rejected": .array(asked + [message("assistant", "rejected")]), "margin": 0.5,
        ]
      }
    ),
  ]

  private static func message(_ role: String, _ content: String) -> JSONValue {
    ["role": .string(role), "content": .string(content)]
  }

  /// Live, at two lengths: the pairs, and that what TRL leaves out is what is counted here.
  @Test(.enabled(if: Self.isPresent, "needs ../shared and TRL"), arguments: [0, 90])
  func pairsOfItsOwnTrainer(maxLength: Int) throws {
    var paths: [String] = []
    for (name, rows) in Self.files {
      let text = rows.map { $0.text() + "\n" }.joined()
      paths.append(try directory.write(Array(text.utf8), to: "\(name).jsonl"))
    }
    let output = try PeersPython.run(
      [PeersPython.script("trl_rewards.py"), Self.model, "\(maxLength)"] + paths)
    let results = output.split(separator: "\n").filter { $0.hasPrefix("RESULT ") }
    #expect(results.count == paths.count)
    let encoder = RewardRowEncoder(try ConversationEncoder(directory: Self.model))
    for (path, line) in zip(paths, results) {
      let wanted = try JSONValue.parse(String(line.dropFirst(7)))["pairs"]?.array ?? []
      var pairs: [JSONValue] = []
      var tooLong = 0
      for row in try DataRows(path) {
        let pair = try encoder.encode(row.get(), file: path)
        guard pair.fits(maxLength == 0 ? .max : maxLength) else {
          tooLong += 1
          continue
        }
        pairs.append(
          .array(
            [pair.chosen, pair.rejected].map { .array($0.map { JSONValue(Int($0)) }) }))
      }
      #expect(pairs == wanted, "\(path)")
      #expect(pairs.count + tooLong == Self.texts.count)
      #expect((tooLong > 0) == (maxLength > 0), "\(path): \(tooLong)")
    }
  }

  @Test(arguments: [
    (#"{"chosen": "a"}"#, "has no 'rejected'"), ("[1]", "must be an object"),
    (#"{"chosen": 1, "rejected": "b"}"#, "must be text or messages"),
    (#"{"prompt": [], "chosen": "a", "rejected": "b"}"#, "the prompt is"),
    (#"{"prompt": "q", "chosen": [{"role": "user"}], "rejected": []}"#, "the prompt is"),
    (#"{"chosen": [], "rejected": []}"#, "the conversation is empty"),
    (#"{"chosen": [{"content": "x"}], "rejected": []}"#, "a message must"),
    (#"{"chosen": "a", "rejected": "b", "margin": "1"}"#, "'margin' must be a number"),
  ])
  func badRows(text: String, message: String) throws {
    try TinyModel.write(to: directory.file("model"))
    let encoder = RewardRowEncoder(try ConversationEncoder(directory: directory.file("model")))
    let row = DataRow(value: try JSONValue.parse(text), line: 7)
    let error = #expect(throws: GraftError.self) { try encoder.encode(row, file: "f.jsonl") }
    #expect(error?.message.contains(message) == true, "\(String(describing: error))")
    #expect(error?.line == 7 && error?.file == "f.jsonl")
  }
}
