import ChatTemplate
import Diagnostics
import FileIO
import GGUF
import StrictJSON
import Tokenization

/// What `graft render` renders with: a model's directory, a GGUF file, or a template alone.
struct RenderedModel {
  /// The tokenizer, where there is one.
  let tokenizer: Tokenizer?
  /// The tokens with a role, by the names that templates know them by.
  let variables: [String: JSONValue]
  private let templates: ModelTemplates
  private let path: String
  /// The templates that were needed so far.
  private var parsed: [String: ChatTemplate] = [:]

  init(_ path: String) throws(GraftError) {
    self.path = path
    if directoryExists(path) {
      let tokenizer = try Tokenizer(directory: path)
      self.tokenizer = tokenizer
      templates = try ModelTemplates(directory: path)
      variables = Self.variables([
        "bos_token": tokenizer.bosToken, "eos_token": tokenizer.eosToken,
        "pad_token": tokenizer.padToken, "unk_token": tokenizer.unkToken,
      ])
    } else if GGUFFile.isGGUF(path) {
      tokenizer = nil
      let file = try GGUFFile(path)
      templates = try Self.templates(of: file, path)
      let tokens = try file.strings("tokenizer.ggml.tokens")
      func token(_ role: String) throws(GraftError) -> String? {
        guard let id = try file.optionalInt("tokenizer.ggml.\(role)_token_id"),
          tokens.indices.contains(id)
        else { return nil }
        return tokens[id]
      }
      variables = Self.variables([
        "bos_token": try token("bos"), "eos_token": try token("eos"),
        "pad_token": try token("padding"), "unk_token": try token("unknown"),
      ])
    } else {
      tokenizer = nil
      templates = ModelTemplates([try ModelTemplates.file(path)])
      variables = [:]
    }
    if templates.entries.isEmpty { throw .noChatTemplate(path) }
  }

  private static func variables(_ tokens: [String: String?]) -> [String: JSONValue] {
    tokens.compactMapValues { $0.map(JSONValue.string) }
  }

  /// The templates in a GGUF file's metadata: one without a name, and one under each name.
  private static func templates(
    of file: GGUFFile, _ path: String
  ) throws(GraftError) -> ModelTemplates {
    let key = "tokenizer.chat_template"
    var entries: [ModelTemplates.Entry] = []
    for name in file.metadata.keys.sorted() where name == key || name.hasPrefix(key + ".") {
      let part = name == key ? "default" : String(name.dropFirst(key.count + 1))
      entries.append(.init(name: part, source: try file.string(name), file: path))
    }
    return ModelTemplates(entries)
  }

  /// The template for a conversation, and the file that it is from.
  mutating func template(
    named name: String?, hasTools: Bool
  ) throws(GraftError) -> (ChatTemplate, file: String) {
    let entry = try templates.entry(named: name, hasTools: hasTools)
    if let known = parsed[entry.name] { return (known, entry.file) }
    let template = try ChatTemplate(entry.source, file: entry.file)
    parsed[entry.name] = template
    return (template, entry.file)
  }

  /// Says where a text would begin with two tokens that begin a text.
  func doubledBeginning(_ text: String, _ source: String) -> String? {
    guard let bos = variables["bos_token"]?.string, !bos.isEmpty, text.hasPrefix(bos) else {
      return nil
    }
    if text.dropFirst(bos.count).hasPrefix(bos) {
      return "\(source): the rendered text begins with '\(bos)' twice"
    }
    guard let tokenizer, let ids = try? tokenizer.encode(""), let id = tokenizer.bosTokenID,
      ids.first == id
    else { return nil }
    return """
      \(source): the template writes '\(bos)' and the tokenizer adds it too; tokenize rendered \
      text without special tokens (as --ids does), or it gets two
      """
  }
}
