import Diagnostics
import FileIO
import StrictJSON

/// The tokens with a role.
struct SpecialTokens: Sendable {
  var bos: String?
  var eos: String?
  var pad: String?
  var unk: String?

  /// Takes over those that are not named.
  mutating func fill(from other: SpecialTokens) {
    bos = bos ?? other.bos
    eos = eos ?? other.eos
    pad = pad ?? other.pad
    unk = unk ?? other.unk
  }
}

/// What the files beside `tokenizer.json` say.
struct TokenizerConfig {
  /// The tokens with a role.
  var special = SpecialTokens()
  /// The chat template.
  var chatTemplate: String?
  /// Tokens of `tokenizer_config.json` and `added_tokens.json`, by id.
  var addedTokens: [AddedToken] = []
  /// Whether `add_bos_token` and `add_eos_token` stand there; nil where neither does, and the
  /// tokenizer's own post-processor counts.
  var adds: (bos: Bool, eos: Bool)?
  /// Special tokens by their text; they are found in text even where the tokenizer's file does not
  /// list them.
  var namedTokens: [AddedToken] = []

  /// Nothing.
  init() {}

  /// Reads the files of `directory`; each may be absent.
  init(directory: String) throws(GraftError) {
    let configPath = "\(directory)/tokenizer_config.json"
    let config = try Self.readObject(configPath)
    let mapPath = "\(directory)/special_tokens_map.json"
    let map = try Self.readObject(mapPath)
    func token(_ key: String) throws(GraftError) -> String? {
      if let token = try Self.token(key, config, configPath) { return token }
      return try Self.token(key, map, mapPath)
    }
    special = SpecialTokens(
      bos: try token("bos_token"), eos: try token("eos_token"), pad: try token("pad_token"),
      unk: try token("unk_token"))
    addedTokens = try Self.addedTokens(config, configPath)
    addedTokens += try Self.oldAddedTokens(
      directory, except: Set(addedTokens.map { Array($0.content.utf8) }))
    adds = try Self.flags(config, configPath)
    for key in Self.roles {
      let value = config[key] ?? map[key]
      guard let content = try token(key) else { continue }
      var named = AddedToken(content: content, id: 0, isSpecial: true)
      named.stripsLeft = value?["lstrip"]?.bool ?? false
      named.stripsRight = value?["rstrip"]?.bool ?? false
      named.isSingleWord = value?["single_word"]?.bool ?? false
      named.isNormalized = value?["normalized"]?.bool ?? false
      namedTokens.append(named)
    }

    let templatePath = "\(directory)/chat_template.jinja"
    if fileExists(templatePath) {
      guard
        let text = String(validating: try readFile(templatePath, limit: 16 << 20), as: UTF8.self)
      else { throw .malformedTokenizer("is not UTF-8", file: templatePath) }
      chatTemplate = text
    } else {
      chatTemplate = try Self.template(config["chat_template"], configPath)
    }
  }

  /// Adds the special tokens that are in the vocabulary, but not among the added tokens; new ones
  /// get the next ids.
  func addNamedTokens(to tokens: inout [AddedToken], _ vocabulary: Vocabulary) {
    var known = Set(tokens.map { Array($0.content.utf8) })
    var next = Int32(vocabulary.idCount)
    for token in tokens { next = max(next, token.id + 1) }
    for token in namedTokens where known.insert(Array(token.content.utf8)).inserted {
      var token = token
      if let id = vocabulary.id(of: token.content) {
        token.id = id
      } else {
        token.id = next
        next += 1
      }
      tokens.append(token)
    }
  }

  private static func readObject(_ path: String) throws(GraftError) -> JSONValue {
    guard fileExists(path) else { return [:] }
    let value = try JSONValue.parse(try readFile(path), file: path)
    guard value.object != nil else {
      throw .malformedTokenizer("must be an object, is \(value.kindName)", file: path)
    }
    return value
  }

  /// A token given as a string, or as an object with its content.
  private static func token(
    _ key: String, _ value: JSONValue, _ path: String
  ) throws(GraftError) -> String? {
    switch value[key] {
    case nil, .null: return nil
    case .string(let token): return token
    case .object(let object):
      if let content = object["content"]?.string { return content }
    default: break
    }
    throw .malformedTokenizer("\(key) must be a string or an object with content", file: path)
  }

  private static let roles = [
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
  ]

  /// `add_bos_token` and `add_eos_token`, if one of them is there.
  private static func flags(
    _ config: JSONValue, _ path: String
  ) throws(GraftError) -> (bos: Bool, eos: Bool)? {
    let reader = ComponentReader(value: config, file: path, place: "tokenizer_config")
    guard config["add_bos_token"] != nil || config["add_eos_token"] != nil else { return nil }
    return (
      try reader.bool("add_bos_token", default: false),
      try reader.bool("add_eos_token", default: false)
    )
  }

  /// The tokens of `added_tokens.json`: an object of tokens and ids.
  private static func oldAddedTokens(
    _ directory: String, except known: Set<[UInt8]>
  ) throws(GraftError) -> [AddedToken] {
    let path = "\(directory)/added_tokens.json"
    guard let object = try readObject(path).object else { return [] }
    var tokens: [AddedToken] = []
    for (content, value) in object where !known.contains(Array(content.utf8)) {
      let reader = ComponentReader(value: value, file: path, place: "the token '\(content)'")
      tokens.append(
        AddedToken(content: content, id: try reader.tokenID(value, "id"), isSpecial: false))
    }
    return tokens.sorted { $0.id < $1.id }
  }

  private static func addedTokens(
    _ config: JSONValue, _ path: String
  ) throws(GraftError) -> [AddedToken] {
    guard let table = config["added_tokens_decoder"]?.object else { return [] }
    var tokens: [AddedToken] = []
    for (key, value) in table {
      guard let id = Int(key) else {
        throw .malformedTokenizer("added_tokens_decoder has the key '\(key)', no id", file: path)
      }
      let reader = ComponentReader(
        value: value, file: path, place: "added_tokens_decoder[\(key)]")
      tokens.append(try AddedToken(reader, id: id))
    }
    return tokens.sorted { $0.id < $1.id }
  }

  /// A template given as a string, or as a list of named ones of which `default` is taken.
  private static func template(
    _ value: JSONValue?, _ path: String
  ) throws(GraftError) -> String? {
    switch value {
    case nil, .null: return nil
    case .string(let text): return text
    case .array(let list):
      let entry = list.first { $0["name"]?.string == "default" }
      if let text = entry?["template"]?.string { return text }
      return nil
    default:
      throw .malformedTokenizer(
        "chat_template must be a string or a list of named templates", file: path)
    }
  }
}
