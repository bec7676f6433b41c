import Datasets
import Diagnostics
import FileIO
import StrictJSON
import TestSupport
import Testing

@testable import Training

/// The pairs of a run: rows, cuts, what is left out, mixing, the cache.
@Suite struct RewardDataTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
    try TinyModel.write(to: directory.file("model"))
  }

  private func write(_ text: String, _ name: String) throws -> String {
    try writeFileAtomically(directory.file(name), text)
    return directory.file(name)
  }

  private func entry(_ file: String, _ more: String = "") -> String {
    """
    {"file_name": "\(file)", "ranking": true, "columns": {"prompt": "q", "chosen": "c",
     "rejected": "r", "system": "s", "margin": "m"}\(more)}
    """
  }

  private func info(_ entries: [String: String]) throws {
    let text = entries.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ",\n")
    _ = try write("{\(text)}", "dataset_info.json")
  }

  private func rows(_ range: Range<Int>) -> String {
    range.map { #"{"q": "q\#($0)", "c": "yes \#($0)", "r": "no", "m": 0.\#($0 % 10)}"# }
      .joined(separator: "\n")
  }

  private func data(
    _ names: String, _ overrides: String...
  ) throws -> RewardData {
    let config = try write(
      """
      model_name_or_path: \(directory.file("model"))
      stage: rm
      dataset: \(names)
      dataset_dir: \(directory.path)
      tokenized_path: \(directory.file("tokens"))
      output_dir: \(directory.file("out"))
      """, "config.yaml")
    let settings = try TrainingConfig(config, overrides: overrides)
    return try RewardData(
      settings,
      encoder: ConversationEncoder(directory: directory.file("model"), choice: settings.format))
  }

  /// A pair as text: one token is one byte.
  private func text(_ ids: [Int32]) -> String {
    let names: [Int32: String] = [256: "<s>", 258: "<end>"]
    return ids.map { id in
      names[id] ?? String(decoding: [UInt8(truncatingIfNeeded: id)], as: UTF8.self)
    }.joined()
  }

  private func texts(_ set: PairSet) throws -> [String] {
    try (0..<set.count).map {
      let pair = try set.pair($0)
      return text(pair.prompt) + "|" + text(pair.chosen) + "|" + text(pair.rejected)
    }
  }

  @Test func rowsGoThroughTheModelsOwnTemplate() throws {
    try info(["a": entry("a.jsonl")])
    _ = try write(
      #"{"q": "hi", "c": "good", "r": "bad", "s": "rules", "m": 0.5}"#, "a.jsonl")
    let set = try data("a").train
    #expect(
      try texts(set) == [
        "<s>system: rules<end><s>user: hi<end><s>assistant: |good<end>|bad<end>"
      ])
    #expect(try set.pair(0).margin == 0.5)
  }

  @Test func aChatFormatTakesThePlaceOfTheTemplate() throws {
    try info(["a": entry("a.jsonl")])
    _ = try write(#"{"q": "hi", "c": "good", "r": "bad", "s": "rules"}"#, "a.jsonl")
    let own = try data("a").train
    let set = try data("a", "template=default").train
    #expect(
      try texts(set) == ["System: rules<end>\nHuman: hi<end>\nAssistant:|good<end>\n|bad<end>\n"])
    #expect(set.digest != own.digest)
    _ = try write(#"{"q": "hi", "c": "good", "r": "bad"}"#, "a.jsonl")
    #expect(
      try texts(data("a", "template=default", "default_system=Be kind.").train)
        == ["System: Be kind.<end>\nHuman: hi<end>\nAssistant:|good<end>\n|bad<end>\n"])
    // A file that is named itself: messages are written by the format, text is as it stands.
    let path = try write(
      """
      {"prompt": "q ", "chosen": "a", "rejected": "b"}
      {"chosen": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}], \
      "rejected": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "b"}]}
      """, "own.jsonl")
    #expect(
      try texts(data(path, "template=default").train)
        == ["q |a<end>|b<end>", "Human: q<end>\nAssistant:|a<end>\n|b<end>\n"])
  }

  @Test func aTokenWithoutAnEmbeddingIsRefusedWithItsPlace() throws {
    try info(["a": entry("a.jsonl")])
    _ = try write(
      #"{"q": "x", "c": "a", "r": "b"}"# + "\n" + #"{"q": "x", "c": "a ü", "r": "b"}"#, "a.jsonl")
    let config = directory.file("model/config.json")
    let text = String(decoding: try readFile(config), as: UTF8.self)
    func failure(_ rows: Int) throws -> GraftError? {
      try writeFileAtomically(
        config, text.replacing("\"vocab_size\": 260", with: "\"vocab_size\": \(rows)"))
      return #expect(throws: GraftError.self) { try data("a") }
    }
    let special = try failure(258)
    #expect(special?.message.contains("the token 258 ('<end>')") == true)
    #expect(special?.message.contains("258 rows") == true)
    #expect(special?.file == "a.jsonl" && special?.line == 1)
    // Found in the cached tokens, too.
    #expect(try failure(258) == special)
    try writeFileAtomically(
      directory.file("model/tokenizer_config.json"),
      #"{"chat_template": "{% for m in messages %}{{ m.content }}{% endfor %}"}"#)
    let plain = try failure(130)
    #expect(plain?.line == 2 && plain?.message.contains("130 rows") == true)
  }

  @Test func whatIsLeftOutIsCountedWithPlaces() throws {
    try info(["a": entry("a.jsonl")])
    _ = try write(
      """
      {"q": "x", "c": "same", "r": "same"}
      {"q": "x", "c": "one", "r": "two"}
      {"q": "x", "c": null, "r": "two"}
      {"q": "x", "c": "\(String(repeating: "long ", count: 50))", "r": "two"}
      """, "a.jsonl")
    let data = try data("a", "cutoff_len=60")
    #expect(data.train.count == 2 && data.account.truncated == 1)
    #expect(
      data.account.dropped[.sameAnswers].places == [RowPlace(file: "a.jsonl", line: 1)])
    #expect(
      data.account.dropped[.missingAnswer].places == [RowPlace(file: "a.jsonl", line: 3)])
    let text = data.summary.joined(separator: "\n")
    #expect(text.contains("1 rows left out: both answers are the same (a.jsonl:1)"))
    #expect(text.contains("1 pairs cut to cutoff_len"))
    #expect(try self.data("a", "cutoff_len=60").summary.last?.contains("from the cache") == true)
  }

  @Test func filesThatAreNamedThemselvesAreReadAsTRLDoes() throws {
    let path = try write(
      """
      {"prompt": "q ", "chosen": "a", "rejected": "b<end>"}
      {"prompt": "\(String(repeating: "x", count: 100))", "chosen": "a", "rejected": "b"}
      """, "own.jsonl")
    let data = try data(path, "cutoff_len=60")
    #expect(try texts(data.train) == ["q |a<end>|b<end>"])
    #expect(data.account.dropped[.tooLong].count == 1)
  }

  @Test func wrongEntriesAndRowsAreNamed() throws {
    func failure(_ entry: String, _ rows: String = "") throws -> GraftError? {
      try info(["a": entry])
      _ = try write(rows, "a.jsonl")
      return #expect(throws: GraftError.self) { try data("a") }
    }
    #expect(
      try failure(#"{"file_name": "a.jsonl"}"#)?.message.contains("preference pairs") == true)
    #expect(try failure(entry("a.jsonl"))?.message.contains("no rows") == true)
    let row = try failure(
      entry("a.jsonl"), "{\"q\": \"x\", \"c\": \"y\", \"r\": \"z\"}\n{\"q\": 1}")
    #expect(row?.line == 2 && row?.file == directory.file("a.jsonl"))
    let none = try failure(entry("a.jsonl"), #"{"q": "x", "c": "y", "r": "y"}"#)
    #expect(none?.code == .invalidDataset && none?.message.contains("no pair") == true)
  }

  @Test func dataSetsAreMixed() throws {
    try info(["a": entry("a.jsonl"), "b": entry("b.jsonl", #", "num_samples": 3"#)])
    _ = try write(rows(0..<2), "a.jsonl")
    _ = try write(rows(5..<9), "b.jsonl")
    func asked(_ overrides: String...) throws -> [String] {
      let config = ["mix_strategy=interleave_over", "disable_shuffling=true"] + overrides
      return try texts(data("a,b", config[0], config[1], overrides.first ?? "seed=42").train)
        .map { String($0.split(separator: "q").last?.first ?? "?") }
    }
    let once = try asked()
    #expect(once.count == 6 && [0, 2, 4].map { once[$0] } == ["0", "1", "0"])
    #expect(Set([1, 3, 5].map { once[$0] }).isSubset(of: ["5", "6", "7", "8"]))
    #expect(try asked("interleave_probs=[0.5,0.5]").count >= 5)
    let error = #expect(throws: GraftError.self) { try asked("interleave_probs=[0.5,0.6]") }
    #expect(error?.code == .invalidMix)
  }

  @Test func aPartIsHeldOutAndNothingIsInBoth() throws {
    try info(["a": entry("a.jsonl")])
    _ = try write(rows(0..<40), "a.jsonl")
    let data = try data("a", "val_size=0.25")
    let (train, heldOut) = (Set(try texts(data.train)), Set(try texts(data.heldOut)))
    #expect(train.count == 30 && heldOut.count == 10 && train.isDisjoint(with: heldOut))
    #expect(Set(try texts(self.data("a", "val_size=0.25").heldOut)) == heldOut)
    #expect(Set(try texts(self.data("a", "val_size=0.25", "data_seed=1").heldOut)) != heldOut)
  }

  @Test func aChangedRowOrOptionIsSeen() throws {
    try info(["a": entry("a.jsonl")])
    _ = try write(rows(0..<3), "a.jsonl")
    let first = try data("a")
    #expect(try data("a").train.digest == first.train.digest)
    _ = try write(rows(0..<3).replacing("yes 1", with: "yes 2"), "a.jsonl")
    let second = try data("a")
    #expect(second.train.digest != first.train.digest)
    #expect(try texts(second.train)[1].contains("yes 2"))
    #expect(try texts(data("a", "cutoff_len=20").train) != texts(second.train))
    let template = directory.file("model/tokenizer_config.json")
    let config = String(decoding: try readFile(template), as: UTF8.self)
    try writeFileAtomically(
      template, config.replacing("{{ m['role'] }}:", with: "{{ m['role'] }}="))
    #expect(try texts(data("a").train)[0].contains("user= q0"))
  }

  @Test(.enabled(if: Shared.isPresent, "needs ../shared"))
  func readsLLaMAFactorysOwnDemo() throws {
    // The data set holds 300 rows, as its README and Python's json module count them.
    let data = try data(
      "dpo_en_demo", "dataset_dir=\(Shared.path ?? "")/assets/data/llamafactory",
      "cutoff_len=100000")
    #expect(data.train.count == 300)
  }
}
