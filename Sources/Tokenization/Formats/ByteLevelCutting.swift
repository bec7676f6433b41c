import StrictJSON

/// How one family of byte-level tokenizers cuts text, by its name in GGUF files.
///
/// Source: `llama-vocab.cpp` of llama.cpp, and the tokenizer.json of each family.
struct ByteLevelCutting: Sendable {
  /// `tokenizer.ggml.pre`, the usual name first.
  var names: [String]
  var normalizer: JSONValue = .null
  var preTokenizer: JSONValue
  /// Whether a piece that is a token is taken whole, without merging.
  var ignoresMerges = false
  /// Whether a beginning token is put first where the file does not say.
  var addsBOS = false

  /// All that are known.
  static let all: [ByteLevelCutting] = [
    ByteLevelCutting(
      names: ["smollm", "starcoder", "refact", "codeshell"],
      preTokenizer: sequence(digits, byteLevel)),
    ByteLevelCutting(
      names: ["command-r"], normalizer: nfc, preTokenizer: sequence(digits, byteLevel)),
    ByteLevelCutting(
      names: ["gpt-2", "phi-2", "jina-es", "jina-de", "gigachat", "olmo", "roberta-bpe"],
      preTokenizer: byteLevel),
    ByteLevelCutting(names: ["mpt", "default"], normalizer: nfc, preTokenizer: byteLevel),
    ByteLevelCutting(
      names: ["llama-bpe", "llama3", "llama-v3", "falcon3", "pixtral"],
      preTokenizer: expressions(words + #"\p{N}{1,3}|"# + rest), ignoresMerges: true,
      addsBOS: true),
    ByteLevelCutting(
      names: ["dbrx", "smaug-bpe", "chatglm-bpe", "glm4"],
      preTokenizer: expressions(words + #"\p{N}{1,3}|"# + rest)),
    ByteLevelCutting(
      names: ["qwen2", "deepseek-r1-qwen", "stablelm2", "hunyuan", "megrez"], normalizer: nfc,
      preTokenizer: expressions(words + #"\p{N}|"# + rest)),
    ByteLevelCutting(
      names: ["qwen35"], normalizer: nfc,
      preTokenizer: expressions(
        contractions + #"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}|"#
          + #" ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#)),
    ByteLevelCutting(
      names: ["gpt-4o", "llama4"],
      preTokenizer: expressions(
        cased(contractions + "?") + #"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|"#
          + #"\s*[\r\n]+|\s+(?!\S)|\s+"#)),
    ByteLevelCutting(
      names: ["tekken"],
      preTokenizer: expressions(
        cased("") + #"\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#),
      ignoresMerges: true, addsBOS: true),
    ByteLevelCutting(
      names: ["deepseek-llm"],
      preTokenizer: expressions(
        "[\r\n]", deepSeekWords, #"\s?[!-/:-~！-／：-～‘-‟　-。]+"#, #"\s+$"#, "[一-龥ࠀ-一가-퟿]+",
        isolatesDigits: true)),
    ByteLevelCutting(
      names: ["deepseek-coder"],
      preTokenizer: expressions(
        "[\r\n]", #"\s?\p{L}+"#, #"\s?\p{P}+"#, "[一-龥ࠀ-一가-퟿]+", isolatesDigits: true)),
    ByteLevelCutting(
      names: ["deepseek-v3"],
      preTokenizer: expressions(
        #"\p{N}{1,3}"#, "[一-龥぀-ゟ゠-ヿ]+",
        ##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|"##
          + #"[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|"#
          + #"\s*[\r\n]+|\s+(?!\S)|\s+"#)),
    ByteLevelCutting(
      names: ["falcon"],
      preTokenizer: sequence(
        ["type": "Punctuation", "behavior": "Contiguous"], byteLevel,
        ["type": "Digits", "individual_digits": false], split("[0-9][0-9][0-9]"))),
  ]

  private static let contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
  private static let words = contractions + #"|[^\r\n\p{L}\p{N}]?\p{L}+|"#
  private static let rest = #" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

  /// Words by the case of their letters, each with an ending.
  private static func cased(_ ending: String) -> String {
    #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"# + ending
      + #"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"# + ending
      + "|"
  }

  /// The alphabets that DeepSeek's first models know.
  private static let deepSeekWords =
    #"\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-Ჺ"#
    + #"Ჽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-ώᾀ-ᾴᾶ-ᾼιῂ-ῄῆ-ῌῐ-ΐῖ-Ίῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝ"#
    + #"ℤΩℨK-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀"#
    + #"-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃]+"#

  private static let nfc: JSONValue = ["type": "NFC"]
  private static let digits: JSONValue = ["type": "Digits", "individual_digits": true]

  private static let byteLevel: JSONValue = [
    "type": "ByteLevel", "add_prefix_space": false, "use_regex": true,
  ]

  private static func split(_ pattern: String) -> JSONValue {
    ["type": "Split", "pattern": ["Regex": .string(pattern)], "behavior": "Isolated"]
  }

  /// Expressions one after the other, and the bytes of what they leave.
  private static func expressions(
    _ patterns: String..., isolatesDigits: Bool = false
  ) -> JSONValue {
    let bytes: JSONValue = ["type": "ByteLevel", "add_prefix_space": false, "use_regex": false]
    let steps = patterns.map(split) + (isolatesDigits ? [digits] : []) + [bytes]
    return ["type": "Sequence", "pretokenizers": .array(steps)]
  }

  private static func sequence(_ steps: JSONValue...) -> JSONValue {
    ["type": "Sequence", "pretokenizers": .array(steps)]
  }
}
