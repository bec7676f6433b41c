import Diagnostics
import GGUF
import StrictJSON
import Tokenization

/// The tokenizer that a GGUF file's metadata describe, as the files that transformers reads.
///
/// A GGUF file does not store whether an added token swallows the spaces beside it; it is taken
/// not to.
struct GGUFTokenizer {
  private let tokens: [String]
  private let merges: [String]
  private let added: [AddedToken]
  private let preset: ByteLevelCutting
  private let begin: Int?
  private let end: Int?
  private let padding: Int?
  private let unknown: Int?
  private let addsBegin: Bool
  private let addsEnd: Bool
  private let contextLength: Int?
  private let chatTemplate: String?

  /// A token that is found in text before any other rule.
  private struct AddedToken {
    var id: Int
    var content: String
    var isSpecial: Bool
  }

  /// Reads and checks the metadata.
  ///
  /// - Throws: ``GraftError`` if the kind of tokenizer is not known here or its lists disagree.
  init(_ gguf: GGUFFile) throws(GraftError) {
    let path = gguf.path
    let model = try gguf.string("tokenizer.ggml.model")
    guard model == "gpt2" else { throw .tokenizerModel(model, file: path) }
    let pre = try gguf.optionalString("tokenizer.ggml.pre")
    let known = ByteLevelCutting.all.first { $0.names.contains(pre ?? "") }
    guard let preset = known else { throw .preTokenizer(pre, file: path) }
    self.preset = preset
    tokens = try gguf.strings("tokenizer.ggml.tokens")
    merges = try gguf.strings("tokenizer.ggml.merges")
    let types =
      gguf.metadata["tokenizer.ggml.token_type"] == nil
      ? [Int](repeating: 1, count: tokens.count) : try gguf.ints("tokenizer.ggml.token_type")
    guard types.count == tokens.count else {
      throw .tokenizerInvalid(
        "lists \(tokens.count) tokens and \(types.count) token types", file: path)
    }
    if let rows = gguf["token_embd.weight"]?.shape.first, rows < tokens.count {
      throw .tokenizerInvalid(
        "lists \(tokens.count) tokens, and the embedding has \(rows) rows", file: path)
    }
    // 3 is a control token, 4 one that a user defined.
    added = zip(tokens, types).enumerated().compactMap { id, token in
      token.1 == 3 || token.1 == 4
        ? AddedToken(id: id, content: token.0, isSpecial: token.1 == 3) : nil
    }
    let count = tokens.count
    func token(_ name: String) throws(GraftError) -> Int? {
      guard let id = try gguf.optionalInt("tokenizer.ggml.\(name)_token_id") else { return nil }
      guard (0..<count).contains(id) else {
        throw .tokenizerInvalid(
          "tokenizer.ggml.\(name)_token_id is \(id), beyond the \(count) tokens", file: path)
      }
      return id
    }
    begin = try token("bos")
    end = try token("eos")
    padding = try token("padding")
    unknown = try token("unknown")
    addsBegin = gguf.metadata["tokenizer.ggml.add_bos_token"]?.bool ?? preset.addsBOS
    addsEnd = gguf.metadata["tokenizer.ggml.add_eos_token"]?.bool ?? false
    contextLength = gguf.metadata["\(try gguf.string("general.architecture")).context_length"]?.int
    chatTemplate = try gguf.optionalString("tokenizer.chat_template")
    try check(path)
  }

  private func check(_ path: String) throws(GraftError) {
    var vocabulary = Set<String>()
    for token in tokens where !vocabulary.insert(token).inserted {
      throw .tokenizerInvalid("lists the token '\(token)' twice", file: path)
    }
    for (place, merge) in merges.enumerated() {
      let parts = merge.split(separator: " ", omittingEmptySubsequences: false)
      guard parts.count == 2, parts.allSatisfy({ vocabulary.contains(String($0)) }),
        vocabulary.contains(String(parts[0] + parts[1]))
      else {
        throw .tokenizerInvalid(
          "merge \(place), '\(merge)', does not make one token of two", file: path)
      }
    }
    if addsBegin, begin == nil {
      throw .tokenizerInvalid("puts a beginning token first, but names none", file: path)
    }
    if addsEnd, end == nil {
      throw .tokenizerInvalid("puts an end token last, but names none", file: path)
    }
  }

  /// The files, by name, as text.
  var files: [(name: String, text: String)] {
    var files = [
      ("tokenizer.json", tokenizer), ("tokenizer_config.json", configuration),
      ("special_tokens_map.json", specialTokens),
    ].map { (name: $0.0, text: $0.1.text(.pretty) + "\n") }
    if let chatTemplate { files.append((name: "chat_template.jinja", text: chatTemplate)) }
    return files
  }

  /// generation_config.json
  var generation: JSONValue {
    var object = JSONObject()
    object["_from_model_config"] = true
    for (name, id) in [("bos", begin), ("eos", end), ("pad", padding)] {
      if let id { object["\(name)_token_id"] = JSONValue(id) }
    }
    return .object(object)
  }

  private var tokenizer: JSONValue {
    var vocabulary = JSONObject()
    for (id, token) in tokens.enumerated() { vocabulary[token] = JSONValue(id) }
    return [
      "version": "1.0", "truncation": nil, "padding": nil,
      "added_tokens": .array(
        added.map { token in
          var object = JSONObject()
          object["id"] = JSONValue(token.id)
          for (key, value) in Self.flags(token) { object[key] = value }
          return .object(object)
        }),
      "normalizer": preset.normalizer, "pre_tokenizer": preset.preTokenizer,
      "post_processor": postProcessor,
      "decoder": [
        "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true,
      ],
      "model": [
        "type": "BPE", "dropout": nil, "unk_token": nil, "continuing_subword_prefix": nil,
        "end_of_word_suffix": nil, "fuse_unk": false, "byte_fallback": false,
        "ignore_merges": .bool(preset.ignoresMerges), "vocab": .object(vocabulary),
        "merges": .array(merges.map { .string($0) }),
      ],
    ]
  }

  private static func flags(_ token: AddedToken) -> JSONObject {
    var object = JSONObject()
    object["content"] = .string(token.content)
    for flag in ["single_word", "lstrip", "rstrip", "normalized"] { object[flag] = false }
    object["special"] = .bool(token.isSpecial)
    return object
  }

  /// Puts the beginning token first and the end token last, where the file asks for it.
  private var postProcessor: JSONValue {
    let first = addsBegin ? begin : nil
    let last = addsEnd ? end : nil
    guard first != nil || last != nil else { return .null }
    func special(_ id: Int?, _ type: Int) -> [JSONValue] {
      id.map { [["SpecialToken": ["id": .string(tokens[$0]), "type_id": JSONValue(type)]]] } ?? []
    }
    func text(_ name: String, _ type: Int) -> [JSONValue] {
      [["Sequence": ["id": .string(name), "type_id": JSONValue(type)]]]
    }
    var table = JSONObject()
    for id in [first, last].compactMap(\.self) {
      table[tokens[id]] = [
        "id": .string(tokens[id]), "ids": [JSONValue(id)], "tokens": [.string(tokens[id])],
      ]
    }
    let one = special(first, 0) + text("A", 0) + special(last, 0)
    return [
      "type": "TemplateProcessing", "single": .array(one),
      "pair": .array(one + special(first, 1) + text("B", 1) + special(last, 1)),
      "special_tokens": .object(table),
    ]
  }

  private var named: [(key: String, token: String)] {
    [("bos_token", begin), ("eos_token", end), ("pad_token", padding), ("unk_token", unknown)]
      .compactMap { key, id in id.map { (key, tokens[$0]) } }
  }

  private var additional: JSONValue {
    .array([begin, end].compactMap { $0.map { .string(tokens[$0]) } })
  }

  private var specialTokens: JSONValue {
    var object = JSONObject()
    object["additional_special_tokens"] = additional
    for (key, token) in named { object[key] = .string(token) }
    return .object(object)
  }

  private var configuration: JSONValue {
    var decoder = JSONObject()
    for token in added { decoder["\(token.id)"] = .object(Self.flags(token)) }
    var object = JSONObject()
    object["add_prefix_space"] = false
    object["added_tokens_decoder"] = .object(decoder)
    object["additional_special_tokens"] = additional
    for (key, token) in named { object[key] = .string(token) }
    object["chat_template"] = chatTemplate.map { .string($0) } ?? .null
    object["clean_up_tokenization_spaces"] = false
    object["model_max_length"] = contextLength.map { JSONValue($0) } ?? .null
    // The class that takes tokenizer.json as it is: transformers 5 rebuilds the pre-tokenizer of
    // "GPT2Tokenizer" itself, without the digits rule, and cuts some texts otherwise.
    object["tokenizer_class"] = "PreTrainedTokenizerFast"
    object["vocab_size"] = JSONValue(tokens.count)
    return .object(object)
  }
}
