import Diagnostics
import FileIO
import StrictJSON
import TestSupport
import Testing

@Suite(.enabled(if: GraftCommand.isPresent, "needs the built program"))
struct MergeAndVerifyTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
    try TinyLlama().write(to: directory.file("base"))
    try TinyAdapter().write(to: directory.file("adapter"))
  }

  private func graft(_ command: String, _ names: [String], _ options: String...) throws
    -> GraftCommand.Result
  {
    try GraftCommand.run([command] + names.map(directory.file) + options)
  }

  private func merge(_ options: String...) throws -> GraftCommand.Result {
    try GraftCommand.run(
      ["merge", directory.file("base"), directory.file("adapter"), "-o", directory.file("out")]
        + options)
  }

  @Test func aMergeIsProvenAndIsARewardModel() throws {
    let merged = try merge()
    #expect(merged.code == 0, "\(merged.errors)")
    #expect(merged.output.contains("a reward model"))
    let proof = try graft("verify", ["base", "out", "adapter"])
    #expect(proof.code == 0, "\(proof.output)")
    #expect(proof.output.contains("proven: 4 weights"))
    #expect(proof.output.contains("as it must be: a merge adds the update to numbers"))
    let config = try JSONValue.parse(try readFile(directory.file("out/config.json")))
    #expect(config["architectures"] == ["LlamaForSequenceClassification"])
    #expect(config["id2label"] == ["0": "LABEL_0"])
    #expect(try graft("inspect", ["out"]).output.contains("made by"))
  }

  @Test func verifyFindsWhatWasChangedAfterwards() throws {
    _ = try merge()
    let weights = directory.file("out/model.safetensors")
    var bytes = try readFile(weights)
    bytes[bytes.count - 6] ^= 0x40
    removeTree(weights)
    _ = try directory.write(bytes, to: "out/model.safetensors")
    let proof = try graft("verify", ["base", "out", "adapter"])
    #expect(proof.code == 1)
    #expect(proof.output.contains("not proven"))
  }

  @Test func anOutputIsCheckedAgainstItsOwnRecord() throws {
    _ = try merge()
    let proof = try graft("verify", ["out"])
    #expect(proof.code == 0, "\(proof.output)\(proof.errors)")
    #expect(proof.output.contains("as it was made by 'graft merge'"))
    _ = try directory.write([0], to: "out/more.safetensors")
    let report = try graft("verify", ["out"], "--json")
    #expect(report.code == 1)
    #expect(try JSONValue.parse(report.output)["passed"] == false)
  }

  @Test func theJSONConformsToTheSchema() throws {
    _ = try merge()
    let schema = try JSONSchema("Documentation/verify.schema.json")
    for (paths, kind, code) in [
      (["base", "out", "adapter"], "proof", 0), (["base", "base", "adapter"], "proof", 1),
      (["base", "out"], "comparison", 1), (["adapter", "base"], "comparison", 1),
      (["out"], "record", 0),
    ] as [([String], JSONValue, Int32)] {
      let result = try graft("verify", paths, "--json")
      #expect(result.code == code, "\(paths)")
      let json = try JSONValue.parse(result.output)
      #expect(schema.errors(in: json) == [], "\(paths)")
      #expect(json["kind"] == kind)
    }
    #expect(!schema.errors(in: ["schema_version": 1, "kind": "record"]).isEmpty)
  }

  @Test func twoCheckpointsAreCompared() throws {
    _ = try merge()
    #expect(try graft("verify", ["base", "base"]).code == 0)
    let page = directory.file("page.html")
    let differing = try graft("verify", ["base", "out"], "--report", page)
    #expect(differing.code == 1)
    #expect(differing.output.contains("4 changed"))
    let html = String(decoding: try readFile(page), as: UTF8.self)
    #expect(html.hasPrefix("<!doctype html>"))
  }

  @Test func theReportStandsAlone() throws {
    _ = try merge()
    let page = directory.file("page.html")
    #expect(try graft("verify", ["base", "out", "adapter"], "--report", page).code == 0)
    let html = String(decoding: try readFile(page), as: UTF8.self)
    for part in ["Proven", "Findings", "score.weight", "class=\"map\"", "SHA-256"] {
      #expect(html.contains(part), "\(part)")
    }
    for part in ["http://", "https://", "src=", "@import", "url("] {
      #expect(!html.contains(part), "\(part)")
    }
  }

  @Test func verifyTellsAMergeFromACopyOfTheBase() throws {
    let proof = try graft("verify", ["base", "base", "adapter"], "--json")
    #expect(proof.code == 1)
    let report = try JSONValue.parse(proof.output)
    #expect(report["passed"] == false)
    let codes = report["findings"]?.array?.compactMap { $0["code"]?.string } ?? []
    #expect(codes.contains("update-wrong"))
    #expect(codes.contains("same-as-base"))
  }

  @Test func aPlanIsPrintedAndNothingWritten() throws {
    let result = try merge("--dry-run")
    #expect(result.code == 0)
    #expect(result.output.contains("score.weight F32 [1, 8]"))
    #expect(!directoryExists(directory.file("out")))
  }

  @Test func anotherTypeAndSmallShardsAreProvenToo() throws {
    let merged = try merge("--dtype", "bf16", "--shard-size", "500B", "--json")
    #expect(merged.code == 0, "\(merged.errors)")
    let files = try JSONValue.parse(merged.output)["files"]?.array ?? []
    #expect(files.count { $0["name"]?.string?.hasSuffix(".safetensors") == true } > 1)
    #expect(try graft("verify", ["base", "out", "adapter"]).code == 0)
  }

  @Test func anUntrainedAdapterIsRefusedUnlessAskedFor() throws {
    var adapter = TinyAdapter()
    for i in adapter.tensors.indices where adapter.tensors[i].name.contains("lora_B") {
      adapter.tensors[i].values = adapter.tensors[i].values.map { _ in 0 }
    }
    removeTree(directory.file("adapter"))
    try adapter.write(to: directory.file("adapter"))
    let refused = try merge()
    #expect(refused.code == 1)
    #expect(refused.errors.hasPrefix("error: "))
    #expect(!directoryExists(directory.file("out")))
    #expect(try merge("--allow-no-effect").code == 0)
  }

  @Test func anOutputThatExistsIsKeptUnlessForced() throws {
    #expect(try merge().code == 0)
    let again = try merge()
    #expect(again.code == 2)
    #expect(again.errors.contains("--force"))
    #expect(try merge("--force").code == 0)
  }

  @Test func anInputIsNeverTheOutput() throws {
    let result = try GraftCommand.run([
      "merge", directory.file("base"), directory.file("adapter"), "-o", directory.file("base"),
      "--force",
    ])
    #expect(result.code == 2)
    #expect(fileExists(directory.file("base/model.safetensors")))
  }

  @Test(arguments: [
    (["merge"], "Usage: graft merge"),
    (["merge", "a", "b", "-o", "c", "--frobnicate"], "--frobnicate"),
    (["unheard"], "unheard"), (["merge", "a", "b", "-o", "c", "--dtype", "int4"], "--dtype"),
    (["merge", "a", "b", "-o", "c", "--shard-size", "big"], "--shard-size"),
    (["verify", "a", "b", "--behaviour"], "third argument"),
  ])
  func wrongUsageIsExitCodeTwo(arguments: [String], text: String) throws {
    let result = try GraftCommand.run(arguments)
    #expect(result.code == 2)
    #expect(result.errors.hasPrefix("error:"))
    #expect(result.errors.contains(text))
    #expect(result.output.isEmpty)
  }

  @Test func aGGUFFileIsSentToConvert() throws {
    _ = try directory.write([1, 2, 3], to: "model.gguf")
    let result = try graft("inspect", ["model.gguf"])
    #expect(result.code == 3)
    #expect(result.output.contains("graft convert"))
  }

  @Test func aHeadBesideTheAdapterGoesAlong() throws {
    removeTree(directory.file("adapter"))
    try TinyAdapter(head: false).write(to: directory.file("adapter"))
    try TensorFixture.write(
      [
        TensorFixture("v_head.summary.weight", [1, 8]),
        TensorFixture("v_head.summary.bias", [1], [0.5]),
      ], to: directory.file("head.safetensors"))
    let head = directory.file("adapter/value_head.safetensors")
    _ = try directory.write(
      try readFile(directory.file("head.safetensors")), to: "adapter/value_head.safetensors")
    let kept = try merge()
    #expect(kept.code == 0)
    #expect(kept.output.contains("a causal model"))
    #expect(kept.errors.contains("goes along beside the merged model"))
    #expect(
      try readFile(directory.file("out/value_head.safetensors")) == readFile(head))
    let proof = ["base", "out", "adapter"].map(directory.file)
    #expect(try GraftCommand.run(["verify"] + proof).code == 0)

    let scored = try merge("--head", "score", "--force")
    #expect(scored.code == 0, "\(scored.errors)")
    #expect(scored.output.contains("a reward model"))
    let config = try JSONValue.parse(
      try readFile(directory.file("out/config.json")), file: "config.json")
    #expect(config["graft_head"]?["offset"] == [0.5])
    #expect(config["architectures"] == ["LlamaForSequenceClassification"])
    #expect(try GraftCommand.run(["verify"] + proof).code == 0)

    let left = try merge("--without-head", "--force")
    #expect(left.code == 0)
    #expect(!fileExists(directory.file("out/value_head.safetensors")))
  }

  @Test func theLastOfSeveralAdaptersGivesTheHead() throws {
    for (name, seed) in [("first", 1), ("second", 2)] {
      var adapter = TinyAdapter(head: false)
      for i in adapter.tensors.indices {
        let old = adapter.tensors[i]
        adapter.tensors[i] = TensorFixture(old.name, old.shape, seed: UInt64(seed), scale: 0.1)
      }
      try adapter.write(to: directory.file(name))
      try TensorFixture.write(
        [TensorFixture("v_head.summary.weight", [1, 8], seed: UInt64(seed))],
        to: directory.file("\(name)/value_head.safetensors"))
    }
    let adapters = ["first", "second"].map(directory.file)
    for head in ["score", "keep"] {
      let out = directory.file("out-\(head)")
      let merged = try GraftCommand.run(
        ["merge", directory.file("base")] + adapters + ["-o", out, "--head", head])
      #expect(merged.code == 0, "\(merged.errors)")
      let proof = try GraftCommand.run(["verify", directory.file("base"), out] + adapters)
      #expect(proof.code == 0, "\(proof.output)\(proof.errors)")
    }
    #expect(
      try readFile(directory.file("out-keep/value_head.safetensors"))
        == readFile(directory.file("second/value_head.safetensors")))
  }

  @Test func aTrainedHeadTakesThePlaceOfTheBases() throws {
    let base = directory.file("reward")
    try TinyLlama(labels: 1).write(to: base)
    let out = directory.file("out")
    let merged = try GraftCommand.run(["merge", base, directory.file("adapter"), "-o", out])
    #expect(merged.code == 0, "\(merged.errors)")
    #expect(
      try GraftCommand.run(["verify", base, out, directory.file("adapter")]).code == 0)
  }

  @Test(
    .enabled(if: Shared.isPresent, "needs ../shared"),
    arguments: [
      ("lora_plain_llama", "base_llama_f32"), ("lora_rslora", "base_llama_f32"),
      ("lora_patterns", "base_llama_f32"), ("lora_regex_target", "base_llama_f32"),
      ("lora_bf16_adapter", "base_llama_bf16"), ("prefix_from_AutoModel", "base_llama_f32"),
      ("prefix_from_AutoModelForSequenceClassification", "base_llama_f32"),
      ("rm_peft_seqcls", "base_llama_sharded_f32"), ("rm_num_labels2", "base_llama_f32"),
    ])
  func realAdaptersMergeAndAreProven(name: String, base: String) throws {
    let adapter = Shared.zoo(name) + "/adapter"
    let out = directory.file("real")
    let merged = try GraftCommand.run(["merge", Shared.zoo(base), adapter, "-o", out])
    #expect(merged.code == 0, "\(merged.errors)")
    let proof = try GraftCommand.run(["verify", Shared.zoo(base), out, adapter])
    #expect(proof.code == 0, "\(proof.output)")
    let inspection = try GraftCommand.run(["inspect", out])
    #expect(inspection.code == 0, "\(inspection.output)")
  }
}
