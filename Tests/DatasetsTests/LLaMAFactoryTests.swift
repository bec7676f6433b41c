import ChatTemplate
import Diagnostics
import FileIO
import StrictJSON
import TestSupport
import Testing
import Tokenization

@testable import Datasets

/// What a case of Scripts/golden/llamafactory_encode.py asks for.
struct EncodingCase {
  let value: JSONValue

  private func string(_ key: String) -> String { value[key]?.string ?? "" }

  /// Encodes as the case says, and gives the rows as the script prints them.
  func run(rows: String, model: String) throws -> [JSONValue] {
    var options = EncodingOptions()
    if let cutoff = value["cutoff_len"]?.int { options.cutoff = cutoff }
    options.trainsOnPrompt = value["train_on_prompt"]?.bool ?? false
    options.masksHistory = value["mask_history"]?.bool ?? false
    options.packs = value["packing"]?.bool ?? false
    options.preservesThinking = value["preserve_thinking"]?.bool ?? false
    if let thinks = value["enable_thinking"] { options.thinks = thinks.bool }
    options.defaultSystem = value["default_system"]?.string
    let tokenizer = try Tokenizer(directory: model)
    let format = try FormatTokenizer(
      .named(string("template")), tokenizer, options: options)
    let stage = try #require(EncodingStage(rawValue: string("stage")))
    let encoder = try ExampleEncoder(stage, format: format, options: options)
    let info = try DatasetInfo(string("dataset"), directory: rows)
    let contents = try DatasetReader(info).read(limit: value["max_samples"]?.int)
    #expect(contents.rowCount == value["count"]?.int)
    let batch = try encoder.encode(contents.examples)
    return batch.encoded.map { Self.row($0, stage) }
  }

  private static func row(_ example: EncodedExample, _ stage: EncodingStage) -> JSONValue {
    func list(_ ids: [Int32]) -> JSONValue { .array(ids.map { JSONValue(Int($0)) }) }
    switch example {
    case .sequence(let sequence) where stage == .pt: return ["input_ids": list(sequence.ids)]
    case .sequence(let sequence):
      return ["input_ids": list(sequence.ids), "labels": list(sequence.labels)]
    case .pair(let chosen, let rejected):
      return [
        "chosen_input_ids": list(chosen.ids), "chosen_labels": list(chosen.labels),
        "rejected_input_ids": list(rejected.ids), "rejected_labels": list(rejected.labels),
      ]
    case .feedback(let own, let other, let isDesired):
      return [
        "input_ids": list(own.ids), "labels": list(own.labels), "kl_input_ids": list(other.ids),
        "kl_labels": list(other.labels), "kto_tags": .bool(isDesired),
      ]
    case .packed(let packed):
      return [
        "input_ids": list(packed.sequence.ids), "labels": list(packed.sequence.labels),
        "position_ids": list(packed.positions), "attention_mask": list(packed.segments),
      ]
    }
  }
}

/// Fixtures by Scripts/golden/make_dataset_golden.py, which says the version.
@Suite struct `Examples get the tokens of LLaMA-Factory` {
  private let folder = splitPath(#filePath).parent + "/Fixtures"

  private func writeModel(to directory: TemporaryDirectory) throws -> String {
    let tests = splitPath(splitPath(#filePath).parent).parent
    _ = try directory.write(
      readFile("\(tests)/TokenizationTests/Fixtures/tiny/llama3/tokenizer.json"),
      to: "tokenizer.json")
    _ = try directory.write(
      Array(#"{"bos_token": "<|start|>", "eos_token": "<|end|>"}"#.utf8),
      to: "tokenizer_config.json")
    return splitPath(directory.file("tokenizer.json")).parent
  }

  /// What `graft train` reads with a chat format, shared beginning and rest put together.
  @Test func preferencesOfATrainingRun() throws {
    let directory = try TemporaryDirectory()
    let model = try writeModel(to: directory)
    let golden = try JSONValue.parse(readFile("\(folder)/golden.json"))
    var compared = 0
    for value in golden["cases"]?.array ?? [] where value["stage"]?.string == "rm" {
      var choice = FormatChoice(value["template"]?.string ?? "")
      if let thinks = value["enable_thinking"] { choice.thinks = thinks.bool }
      let info = try DatasetInfo(value["dataset"]?.string ?? "", directory: "\(folder)/rows")
      let pairs = try PairEncoder(
        info, ConversationEncoder(directory: model, choice: choice),
        cutoff: value["cutoff_len"]?.int ?? 2048)
      var wanted = value["rows"]?.array ?? []
      try DatasetReader(info).forEachRow { (row, file) throws(GraftError) in
        guard case .pair(let pair, _) = try pairs.encode(row, file: file) else { return }
        func ids(_ name: String) -> [Int32] {
          wanted[0][name]?.array?.compactMap { $0.int.map(Int32.init) } ?? []
        }
        // Equal answers make no pair here.
        while ids("chosen_input_ids") == ids("rejected_input_ids"), wanted.count > 1 {
          wanted.removeFirst()
        }
        #expect(pair.prompt + pair.chosen == ids("chosen_input_ids"), "\(choice)")
        #expect(pair.prompt + pair.rejected == ids("rejected_input_ids"), "\(choice)")
        wanted.removeFirst()
        compared += 1
      }
      #expect(wanted.allSatisfy { $0["chosen_input_ids"] == $0["rejected_input_ids"] }, "\(choice)")
    }
    #expect(compared > 20)
  }

  @Test func everyStageAndOption() throws {
    let directory = try TemporaryDirectory()
    let model = try writeModel(to: directory)
    let golden = try JSONValue.parse(readFile("\(folder)/golden.json"))
    let cases = golden["cases"]?.array ?? []
    #expect(cases.count > 70)
    for value in cases {
      let label = [
        "dataset", "stage", "template", "cutoff_len", "mask_history", "packing", "train_on_prompt",
        "enable_thinking",
      ].map { value[$0]?.text() ?? "-" }.joined(separator: " ")
      let rows = try EncodingCase(value: value).run(rows: "\(folder)/rows", model: model)
      let wanted = value["rows"]?.array ?? []
      #expect(rows.count == wanted.count, "\(label)")
      for (i, (row, wanted)) in zip(rows, wanted).enumerated() {
        for (key, ids) in wanted.object ?? JSONObject() {
          #expect(row[key] == ids, "\(label), row \(i), \(key)")
        }
      }
    }
  }

  /// Live, on LLaMA-Factory's own demo data.
  @Test(.enabled(if: DemoData.isPresent, "needs ../shared and LLaMA-Factory"))
  func itsOwnDemoData() throws {
    let rows = "\(Shared.path ?? "")/assets/data/llamafactory"
    var cases: [JSONValue] = []
    for (name, stage, options) in DemoData.cases {
      var object = options.object ?? JSONObject()
      object["dataset"] = .string(name)
      object["stage"] = .string(stage)
      object["directory"] = .string(rows)
      object["tokenizer"] = .string(DemoData.model)
      cases.append(.object(object))
    }
    let directory = try TemporaryDirectory()
    let file = try directory.write(Array(JSONValue.array(cases).text().utf8), to: "cases.json")
    let output = try PeersPython.run([PeersPython.script("llamafactory_encode.py"), file])
    let results = output.split(separator: "\n").filter { $0.hasPrefix("RESULT ") }
    #expect(results.count == cases.count)
    for (value, line) in zip(cases, results) {
      let result = try JSONValue.parse(String(line.dropFirst(7)))
      var object = value.object ?? JSONObject()
      object["count"] = result["count"]
      let own = try EncodingCase(value: .object(object)).run(rows: rows, model: DemoData.model)
      let wanted = result["rows"]?.array ?? []
      #expect(own.count == wanted.count, "\(value.text())")
      let different = zip(own, wanted).enumerated().filter { $0.1.0 != $0.1.1 }.map(\.offset)
      #expect(different.isEmpty, "\(value.text())")
    }
  }
}
