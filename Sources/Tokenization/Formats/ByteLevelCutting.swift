package import StrictJSON

/// How one family of byte-level tokenizers cuts text, by its name in GGUF files.
///
/// Source: `llama-vocab.cpp` of llama.cpp, and the tokenizer.json of each family.
package struct ByteLevelCutting: Sendable {
  /// `tokenizer.ggml.pre`, the usual name first.
  package var names: [String]
  package var normalizer: JSONValue = .null
  package var preTokenizer: JSONValue
  /// Whether a piece that is a token is taken whole, without merging.
  package var ignoresMerges = false
  /// Whether a beginning token is put first where the file does not say.
  package var addsBOS = false

  /// All that are known.
  package static let all: [ByteLevelCutting] = [
    ByteLevelCutting(
      names: [
        "smollm", "starcoder", "refact", "codeshell", "exaone", "minerva-7b", "mellum2",
      ], preTokenizer: sequence(digits, byteLevel)),
    ByteLevelCutting(
      names: ["command-r"], normalizer: nfc, preTokenizer: sequence(digits, byteLevel)),
    ByteLevelCutting(
      names: [
        "gpt-2", "phi-2", "jina-es", "jina-de", "jina-v1-en", "jina-v2-es", "jina-v2-de",
        "jina-v2-code", "gigachat", "olmo", "roberta-bpe", "a.x-4.0", "mellum", "modern-bert",
        "exaone4", "jais", "trillion", "granite-docling",
      ], preTokenizer: byteLevel),
    ByteLevelCutting(names: ["mpt"], normalizer: nfc, preTokenizer: byteLevel),
    ByteLevelCutting(
      names: [
        "llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2",
        "jina-v5-nano",
      ], preTokenizer: expressions(words + #"\p{N}{1,3}|"# + rest), ignoresMerges: true,
      addsBOS: true),
    ByteLevelCutting(
      names: ["dbrx", "smaug-bpe", "chatglm-bpe", "glm4"],
      preTokenizer: expressions(words + #"\p{N}{1,3}|"# + rest)),
    ByteLevelCutting(
      names: ["minicpm5"],
      preTokenizer: expressions(#"\p{N}{1,3}"#, words + #"\p{N}+|"# + rest),
      ignoresMerges: true),
    ByteLevelCutting(
      names: ["qwen2", "stablelm2", "hunyuan", "megrez", "kormo", "f2llmv2", "deepseek-r1-qwen"],
      normalizer: nfc,
      preTokenizer: expressions(words + #"\p{N}|"# + rest)),
    ByteLevelCutting(
      names: ["grok-2", "solar-open"],
      preTokenizer: expressions(words + #"\p{N}|"# + rest)),
    ByteLevelCutting(
      names: ["qwen35"],
      preTokenizer: expressions(
        contractions + #"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}|"#
          + #" ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#)),
    ByteLevelCutting(
      names: ["gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2"],
      preTokenizer: expressions(
        cased(contractions + "?") + #"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|"#
          + #"\s*[\r\n]+|\s+(?!\S)|\s+"#)),
    ByteLevelCutting(
      names: ["tiny_aya", "cohere2moe"],
      preTokenizer: expressions(
        #"\d{1,3}(?=(?:\d{3})*\b)"#,
        cased(contractions + "?") + #"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|"#
          + #"\s*[\r\n]+|\s+(?!\S)|\s+"#)),
    ByteLevelCutting(
      names: ["tekken"],
      preTokenizer: expressions(
        cased("") + #"\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#),
      ignoresMerges: true, addsBOS: true),
    ByteLevelCutting(
      names: ["jais-2"],
      preTokenizer: expressions(
        words + #"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|"#
          + [512, 256, 128, 64, 32, 16, 8, 4].map { #"\s{\#($0)}(?!\S)|"# }.joined()
          + #"\s{1,2}(?!\S)|\s{1}"#)),
    ByteLevelCutting(
      names: ["bailingmoe", "bailingmoe2", "llada-moe"],
      preTokenizer: expressions(
        #"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}|"#
          + #" ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"#)),
    ByteLevelCutting(
      names: ["seed-coder"],
      preTokenizer: expressions(
        words + #"\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+"#)),
    ByteLevelCutting(
      names: ["exaone-moe"],
      preTokenizer: expressions(
        contractions + #"|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}|"#
          + #" ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+"#)),
    ByteLevelCutting(
      names: ["poro-chat", "bloom", "gpt3-finnish"], preTokenizer: expressions(bloomWords)),
    ByteLevelCutting(
      names: ["viking"], preTokenizer: expressions(bloomWords, isolatesDigits: true)),
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
      names: ["deepseek-v3", "hunyuan-dense", "hy_v4", "joyai-llm"],
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

  private static let bloomWords = #" ?[^(\s|.,!?…。，、।۔،)]+"#
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

  private static let byteLevel = byteLevel(usesExpression: true)

  private static func byteLevel(usesExpression: Bool) -> JSONValue {
    [
      "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
      "use_regex": .bool(usesExpression),
    ]
  }

  private static func split(_ pattern: String) -> JSONValue {
    [
      "type": "Split", "pattern": ["Regex": .string(pattern)], "behavior": "Isolated",
      "invert": false,
    ]
  }

  /// Expressions one after the other, and the bytes of what they leave.
  private static func expressions(
    _ patterns: String..., isolatesDigits: Bool = false
  ) -> JSONValue {
    let steps =
      patterns.map(split) + (isolatesDigits ? [digits] : []) + [byteLevel(usesExpression: false)]
    return ["type": "Sequence", "pretokenizers": .array(steps)]
  }

  private static func sequence(_ steps: JSONValue...) -> JSONValue {
    ["type": "Sequence", "pretokenizers": .array(steps)]
  }
}
