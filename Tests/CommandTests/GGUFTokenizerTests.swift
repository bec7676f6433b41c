import FileIO
import StrictJSON
import TestSupport
import Testing

/// Live against `tokenizers`, `sentencepiece` and transformers' GGUF loader, on GGUF files that hold parts of real
/// tokenizers.
@Suite(.enabled(if: GraftCommand.isPresent && PeersPython.isPresent && Shared.isPresent))
struct `Tokenizers of GGUF files are those that they were made from` {
  /// Where transformers 5.23 loads another tokenizer than the one that the file was made from: it
  /// knows no rule of this name for cutting text (smollm, starcoder, deepseek-llm, falcon), does not
  /// compose characters as the rule does (qwen2), puts no space before a text that begins with one
  /// (llama), leaves out the character map (t5), or adds GPT-2's `<|endoftext|>` (llama-bpe).
  private static let mistaken: Set = [
    "SmolLM2", "starcoder", "deepseek-llm", "real-falcon", "qwen2", "llama-spm", "real-t5-small",
    "llama-bpe",
  ]

  @Test(arguments: [
    "SmolLM2", "gpt-2", "starcoder", "llama-bpe", "qwen2", "deepseek-llm", "real-falcon",
    "llama-spm", "phi-3", "gemma-4", "real-t5-small",
  ])
  func sameIDs(_ name: String) throws {
    let scratch = try TemporaryDirectory()
    let folder = "\(Shared.path ?? "")/assets/tokenizers"
    try PeersPython.run([
      PeersPython.script("gguf_tokenizers.py"), folder, scratch.path, "1", name,
    ])
    let run = try GraftCommand.run([
      "tokenize", scratch.file("\(name).gguf"), "--file", scratch.file("\(name).jsonl"), "--json",
      "--no-special",
    ])
    #expect(run.code == 0, "\(run.errors)")
    let texts = try JSONValue.lines(scratch.file("\(name).jsonl"))
    let peers = try JSONValue.lines(scratch.file("\(name).ids.jsonl"))
    let own = try run.output.split(separator: "\n").map { try JSONValue.parse(Array($0.utf8)) }
    #expect(texts.count > 600)
    try #require(own.count == texts.count && peers.count == texts.count)
    var mistakes = 0
    for (i, text) in texts.enumerated() {
      #expect(own[i]["ids"] == peers[i]["original"], "\(text)")
      if peers[i]["loader"] != peers[i]["original"] { mistakes += 1 }
    }
    #expect((mistakes > 0) == Self.mistaken.contains(name), "\(mistakes)")
  }
}

extension JSONValue {
  fileprivate static func lines(_ path: String) throws -> [JSONValue] {
    try readFile(path).split(separator: 0x0A).map { try JSONValue.parse(Array($0)) }
  }
}
