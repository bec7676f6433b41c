import StrictJSON

/// How one family of byte-level BPE tokenizers cuts text, by its name in GGUF files.
///
/// Only rules that give the same ids as the models' own tokenizers stand here.
///
/// Source: `llama-vocab.cpp` of llama.cpp at 0c1e57098, and the tokenizer.json of each family.
struct PreTokenizerPreset: Sendable {
  /// `tokenizer.ggml.pre`, the usual name first.
  var names: [String]
  var normalizer: JSONValue = .null
  var preTokenizer: JSONValue
  /// Whether a piece that is a token is taken whole, without merging.
  var ignoresMerges = false
  /// Whether a beginning token is put first where the file does not say.
  var addsBeginByDefault = false

  /// All that are known.
  static let all: [PreTokenizerPreset] = [
    PreTokenizerPreset(
      names: ["smollm"], preTokenizer: sequence(digits, byteLevel(usesRegex: true))),
    PreTokenizerPreset(names: ["gpt-2"], preTokenizer: byteLevel(usesRegex: true)),
    PreTokenizerPreset(
      names: ["llama-bpe", "llama3", "llama-v3"],
      preTokenizer: sequence(split(words + #"\p{N}{1,3}|"# + rest), byteLevel(usesRegex: false)),
      ignoresMerges: true, addsBeginByDefault: true),
    PreTokenizerPreset(
      names: ["qwen2"], normalizer: ["type": "NFC"],
      preTokenizer: sequence(split(words + #"\p{N}|"# + rest), byteLevel(usesRegex: false))),
  ]

  private static let words =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"#
  private static let rest = #" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

  private static let digits: JSONValue = ["type": "Digits", "individual_digits": true]

  static func byteLevel(usesRegex: Bool, addsSpace: Bool = false) -> JSONValue {
    [
      "type": "ByteLevel", "add_prefix_space": .bool(addsSpace), "trim_offsets": true,
      "use_regex": .bool(usesRegex),
    ]
  }

  private static func split(_ pattern: String) -> JSONValue {
    [
      "type": "Split", "pattern": ["Regex": .string(pattern)], "behavior": "Isolated",
      "invert": false,
    ]
  }

  private static func sequence(_ steps: JSONValue...) -> JSONValue {
    ["type": "Sequence", "pretokenizers": .array(steps)]
  }
}
