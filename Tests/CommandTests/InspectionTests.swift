import FileIO
import StrictJSON
import TestSupport
import Testing

/// What `graft inspect` says beyond models and adapters by themselves.
@Suite(.enabled(if: GraftCommand.isPresent, "needs the built program")) struct InspectionTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func inspect(_ paths: [String]) throws -> (code: Int32, json: JSONValue) {
    let result = try GraftCommand.run(["inspect", "--json"] + paths)
    return (result.code, try JSONValue.parse(result.output))
  }

  // MARK: - The schema

  @Test func ownOutputsConformToTheSchema() throws {
    let schema = try JSONSchema("Documentation/inspect.schema.json")
    try TinyLlama().write(to: directory.file("base"))
    try TinyLlama(labels: 1).write(to: directory.file("reward"))
    try TinyAdapter().write(to: directory.file("adapter"))
    try makeDirectories(directory.file("empty"))
    let base = directory.file("base")
    for command in [
      ["merge", base, directory.file("adapter"), "-o", directory.file("merged")],
      ["head", "init", base, "--labels", "1", "-o", directory.file("fresh")],
    ] { #expect(try GraftCommand.run(command).code == 0) }
    let names = ["base", "reward", "adapter", "merged", "fresh", "empty"]
    let (code, json) = try inspect(
      names.map(directory.file) + [directory.file("base/model.safetensors")])
    #expect(code == 3)
    #expect(schema.errors(in: json) == [])
    #expect(json["inputs"]?.array?.count == 7)
    #expect(json["fits"]?.array?.count == 4)
    #expect(!schema.errors(in: ["schema_version": 1, "inputs": [["path": "x"]]]).isEmpty)
  }

  @Test(.enabled(if: Shared.isPresent, "needs ../shared"))
  func realOutputsConformToTheSchema() throws {
    let schema = try JSONSchema("Documentation/inspect.schema.json")
    let cases = try directoryEntries(Shared.zoo("")).flatMap { name in
      ["", "/adapter", "/output", "/export"].map { Shared.zoo(name) + $0 }
    }.filter(directoryExists)
    #expect(cases.count > 100)
    let (_, json) = try inspect(cases)
    for input in json["inputs"]?.array ?? [] {
      let one: JSONValue = ["schema_version": 1, "inputs": [input], "fits": []]
      #expect(schema.errors(in: one) == [], "\(input["path"]?.string ?? "")")
    }
    let fits = json["fits"]?.array ?? []
    let all: JSONValue = ["schema_version": 1, "inputs": [], "fits": .array(fits)]
    #expect(schema.errors(in: all).prefix(3) == [])
  }

  // MARK: - Several together

  @Test func baseAndAdapterSayWhatAMergeWouldMake() throws {
    try TinyLlama().write(to: directory.file("base"))
    try TinyAdapter().write(to: directory.file("adapter"))
    let paths = ["base", "adapter"].map(directory.file)
    let (code, json) = try inspect(paths)
    let fit = try #require(json["fits"]?.array?.first)
    #expect(code == 0)
    #expect(fit["fits"] == true)
    #expect(fit["result"] == "reward")
    #expect(fit["updated"] == 4)
    #expect(fit["touched_parameters"] == 192)
    #expect(fit["merged_already"] == false)
  }

  @Test func aBaseThatHoldsTheAdapterIsNamed() throws {
    try TinyLlama().write(to: directory.file("base"))
    try TinyAdapter().write(to: directory.file("adapter"))
    let merged = directory.file("merged")
    #expect(
      try GraftCommand.run(
        ["merge", directory.file("base"), directory.file("adapter"), "-o", merged]
      ).code == 0)
    let (code, json) = try inspect([merged, directory.file("adapter")])
    #expect(code == 1)
    #expect(json["fits"]?.array?.first?["merged_already"] == true)
    #expect(json["inputs"]?.array?.first?["provenance"]?["command"] == "merge")
    let text = try GraftCommand.run(["inspect", merged, directory.file("adapter")])
    #expect(text.output.contains("merged already:"))
  }

  // MARK: - Single files

  @Test func weightFilesAreInspectedByThemselves() throws {
    try TinyLlama(labels: 1).write(to: directory.file("reward"))
    try TinyAdapter().write(to: directory.file("adapter"))
    let paths = ["reward/model.safetensors", "adapter/adapter_model.safetensors"]
    let (code, json) = try inspect(paths.map(directory.file))
    #expect(code == 0)
    let files = try #require(json["inputs"]?.array)
    #expect(files.map { $0["kind"] } == ["file", "file"])
    #expect(files[0]["heads"]?.array?.first?["module"] == "score")
    #expect(files[0]["metadata"] == ["format": "pt"])
    #expect(files[1]["description"] == "an adapter's weights")
  }

  @Test func aFileWithoutTensorsIsAProblem() throws {
    let path = directory.file("empty.safetensors")
    try TensorFixture.write([], to: path)
    let (code, json) = try inspect([path])
    #expect(code == 1)
    #expect(json["inputs"]?.array?.first?["findings"]?.array?.first?["code"] == "no-tensors")
  }

  @Test func llamaCppModelsAreInspected() throws {
    let path = directory.file("model.gguf")
    _ = try directory.write(TinyGGUF().bytes(), to: "model.gguf")
    let (code, json) = try inspect([path])
    #expect(code == 0)
    let file = try #require(json["inputs"]?.array?.first)
    #expect(file["format"] == "gguf")
    #expect(file["metadata"]?["general.architecture"] == "llama")
  }

  // MARK: - Heads

  @Test(arguments: [(Float(0), "head-empty"), (.nan, "head-broken")])
  func uselessHeadsAreProblems(value: Float, code: String) throws {
    var model = TinyLlama(labels: 1)
    let last = model.tensors.count - 1
    model.tensors[last].values = model.tensors[last].values.map { _ in value }
    try model.write(to: directory.file("model"))
    let (exit, json) = try inspect([directory.file("model")])
    #expect(exit == 1)
    #expect(json["inputs"]?.array?.first?["findings"]?.array?.first?["code"]?.string == code)
  }

  // MARK: - Tokenizers

  /// A tokenizer.json as the tokenizers package lays it out.
  private func tokenizer(_ vocabulary: String, added: String = "[]") -> String {
    """
    {
      "version": "1.0",
      "added_tokens": \(added),
      "model": {
        "type": "BPE",
        "vocab": {\(vocabulary)},
        "merges": []
      }
    }
    """
  }

  private func tokenCount(_ text: String) throws -> Int? {
    let path = directory.file("model")
    removeTree(path)
    try TinyLlama(vocabulary: 512).write(to: path)
    try writeFileAtomically("\(path)/tokenizer.json", text)
    return try inspect([path]).json["inputs"]?.array?.first?["tokenizer_tokens"]?.int
  }

  @Test func tokensAreCountedWhereverTheHighestIdIs() throws {
    let rising = (0..<300).map { "\"t\($0)\": \($0)" }.joined(separator: ", ")
    #expect(try tokenCount(tokenizer(rising)) == 300)
    let added = #"[{"id": 310, "content": "]"}, {"id": 305, "content": "\""}]"#
    #expect(try tokenCount(tokenizer(rising, added: added)) == 311)
    // Ids out of order, and tokens that look like the keys around them.
    let falling = (0..<300).reversed().map { "\"t\($0)\": \($0)" }.joined(separator: ", ")
    #expect(try tokenCount(tokenizer(falling)) == 300)
    let odd = #""merges": 0, "\"merges\": [": 1, "\":2,": 2, "vocab": 3"#
    #expect(try tokenCount(tokenizer(odd)) == 4)
    #expect(try tokenCount(tokenizer("")) == 0)
  }

  @Test func theChatFormatOfTrainingIsShown() throws {
    let path = directory.file("model")
    try TinyLlama(vocabulary: 512).write(to: path)
    try writeFileAtomically("\(path)/tokenizer.json", tokenizer("\"a\": 0"))
    func format() throws -> JSONValue? {
      try inspect([path]).json["inputs"]?.array?.first?["chat_format"]
    }
    #expect(try format() == .null)
    try writeFileAtomically("\(path)/chat_format.json", #"{"template": "qwen"}"#)
    #expect(try format() == "qwen")
    #expect(try GraftCommand.run(["inspect", path]).output.contains("qwen, which it was trained"))
  }

  @Test func moreTokensThanRowsIsAProblem() throws {
    try TinyLlama(vocabulary: 16).write(to: directory.file("model"))
    let text = tokenizer((0..<20).map { "\"t\($0)\": \($0)" }.joined(separator: ", "))
    try writeFileAtomically(directory.file("model/tokenizer.json"), text)
    let (code, json) = try inspect([directory.file("model")])
    #expect(code == 1)
    #expect(
      json["inputs"]?.array?.first?["findings"]?.array?.first?["code"] == "vocabulary-mismatch")
  }
}
