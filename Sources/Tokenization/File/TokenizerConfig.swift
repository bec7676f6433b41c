import Diagnostics
import FileIO
import StrictJSON

/// The tokens with a role.
struct SpecialTokens: Sendable {
  var bos: String?
  var eos: String?
  var pad: String?
  var unk: String?
}

/// What the files beside `tokenizer.json` say.
struct TokenizerConfig {
  /// The tokens with a role.
  var special = SpecialTokens()
  /// The chat template.
  var chatTemplate: String?
  /// Tokens of `tokenizer_config.json`, by id.
  var addedTokens: [AddedToken] = []

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
