import ChatTemplate
import Datasets
import Diagnostics
import FileIO
import GGUF
import StrictJSON
import Tokenization

/// What `graft render` renders with: a model's directory, a GGUF file, or a template alone.
struct RenderedModel {
  /// One conversation as the model reads it.
  struct Rendering {
    /// The text, and what of it the assistant says.
    var conversation: RenderedConversation
    /// The file or the format that wrote it.
    var source: String
    /// The ids and the mask, where the format makes those itself.
    var formatted: FormattedConversation?
  }

  /// What writes the text.
  private enum Writer {
    case template(ChatTemplate, file: String)
    case format(FormatTokenizer)
  }

  /// The tokens with a role, by the names that templates know them by.
  let variables: [String: JSONValue]
  private let templates: ModelTemplates
  private let path: String
  private let loaded: Result<Tokenizer, GraftError>?
  /// The writers that were needed so far.
  private var writers: [String: Writer] = [:]

  init(_ path: String) throws(GraftError) {
    self.path = path
    if directoryExists(path) {
      let tokenizer = try Tokenizer(directory: path)
      loaded = .success(tokenizer)
      templates = try ModelTemplates(directory: path)
      variables = Self.variables([
        "bos_token": tokenizer.bosToken, "eos_token": tokenizer.eosToken,
        "pad_token": tokenizer.padToken, "unk_token": tokenizer.unkToken,
      ])
    } else if GGUFFile.isGGUF(path) {
      // A vocabulary that cannot be rebuilt is an error only where ids are asked for.
      loaded = Result { () throws(GraftError) in try Tokenizer(model: path) }
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
      loaded = nil
      templates = ModelTemplates([try ModelTemplates.file(path)])
      variables = [:]
    }
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

  /// The model's tokenizer.
  func tokenizer() throws(GraftError) -> Tokenizer {
    guard let loaded else { throw .idsNeedModel(path) }
    return try loaded.get()
  }

  /// What a name stands for: a template of the model, else a chat format. Without a name the format
  /// that the model was trained with, else its own template.
  private func writer(
    named name: String?, hasTools: Bool, now: TemplateDate
  ) throws(GraftError) -> Writer {
    if let name, !templates.entries.contains(where: { $0.name == name }) {
      guard let format = try? ChatFormat.named(name) else {
        throw .noTemplate(name, own: templates.entries.map(\.name), formats: ChatFormat.all)
      }
      guard loaded != nil else { throw .formatNeedsModel(path) }
      var options = EncodingOptions()
      options.date = now
      return .format(try FormatTokenizer(format, try tokenizer(), options: options))
    }
    if name == nil, directoryExists(path), let choice = try FormatChoice(directory: path) {
      var options = choice.options
      options.date = now
      return .format(try FormatTokenizer(.named(choice.name), try tokenizer(), options: options))
    }
    if templates.entries.isEmpty { throw .noChatTemplate(path) }
    let entry = try templates.entry(named: name, hasTools: hasTools)
    return .template(try ChatTemplate(entry.source, file: entry.file), file: entry.file)
  }

  /// Renders a conversation by the template or the format of a name.
  ///
  /// - Parameter marked: whether what the assistant says must be known.
  mutating func render(
    _ row: JSONValue, named name: String?, marked: Bool, now: TemplateDate
  ) throws(GraftError) -> Rendering {
    guard let list = row["messages"]?.array else {
      throw .malformedRow("needs a key 'messages' with a list")
    }
    guard !list.isEmpty else { throw .malformedRow("holds a conversation without messages") }
    for (i, message) in list.enumerated() where message.object == nil {
      throw .malformedRow("message \(i + 1) must be an object, is \(message.kindName)")
    }
    let messages = ChatTemplate.withoutNulls(list)
    let prompts = row["add_generation_prompt"]?.bool ?? false
    let hasTools = row["tools"].map { !$0.isNull } ?? false
    let key = name ?? (hasTools ? "tools" : "")
    let known = writers[key]
    let writer =
      if let known { known } else { try writer(named: name, hasTools: hasTools, now: now) }
    writers[key] = writer
    switch writer {
    case .template(let template, let file):
      if marked, !template.marksAssistant { throw .unmarkedTemplate(file) }
      var variables = variables
      for (name, value) in row.object ?? JSONObject() {
        if !["messages", "tools", "add_generation_prompt"].contains(name) {
          variables[name] = value
        }
      }
      let conversation = try template.renderMarked(
        messages: messages, addGenerationPrompt: prompts, tools: row["tools"],
        variables: variables, now: now)
      return Rendering(conversation: conversation, source: file)
    case .format(let format):
      let conversation = try Conversation(messages: messages, tools: row["tools"])
      if prompts, !conversation.endsWithQuestion {
        throw .malformedRow(
          "asks for add_generation_prompt after an answer, which a chat format cannot write")
      }
      let formatted = try format.formatted(conversation)
      return Rendering(
        conversation: formatted.rendered, source: format.format.name, formatted: formatted)
    }
  }

  /// Says where a text would begin with two tokens that begin a text.
  func doubledBeginning(_ rendering: Rendering) -> String? {
    let (text, source) = (rendering.conversation.text, rendering.source)
    guard let bos = variables["bos_token"]?.string, !bos.isEmpty, text.hasPrefix(bos) else {
      return nil
    }
    if text.dropFirst(bos.count).hasPrefix(bos) {
      return "\(source): the rendered text begins with '\(bos)' twice"
    }
    guard let tokenizer = try? tokenizer(), let ids = try? tokenizer.encode(""),
      let id = tokenizer.bosTokenID, ids.first == id
    else { return nil }
    return """
      \(source): the template writes '\(bos)' and the tokenizer adds it too; tokenize rendered \
      text without special tokens (as --ids does), or it gets two
      """
  }
}
