public import Diagnostics
import FileIO
import StrictJSON

/// The chat templates that a model brings, by name.
public struct ModelTemplates: Sendable {
  /// One template.
  public struct Entry: Sendable, Equatable {
    /// Its name; `default` where it has none.
    public var name: String
    /// Its text.
    public var source: String
    /// The file that holds it.
    public var file: String

    /// Creates an entry.
    public init(name: String = "default", source: String, file: String) {
      self.name = name
      self.source = source
      self.file = file
    }
  }

  /// All templates, in the order of the files.
  public var entries: [Entry]

  /// Creates a collection.
  public init(_ entries: [Entry]) { self.entries = entries }

  /// Reads the templates of a model's directory: `chat_template.jinja` with those in
  /// `additional_chat_templates`, else what `tokenizer_config.json` holds, which is one or a list
  /// of named ones. Empty where there is none.
  public init(directory: String) throws(GraftError) {
    entries = []
    let path = "\(directory)/chat_template.jinja"
    if fileExists(path) { entries.append(try Self.file(path, name: "default")) }
    let folder = "\(directory)/additional_chat_templates"
    if directoryExists(folder) {
      for file in try directoryEntries(folder).sorted() where file.hasSuffix(".jinja") {
        entries.append(try Self.file("\(folder)/\(file)", name: String(file.dropLast(6))))
      }
    }
    let config = "\(directory)/tokenizer_config.json"
    guard entries.isEmpty, fileExists(config) else { return }
    switch try JSONValue.parse(try readFile(config), file: config)["chat_template"] {
    case nil, .null: break
    case .string(let source): entries = [Entry(source: source, file: config)]
    case .array(let list):
      for item in list {
        guard let name = item["name"]?.string, let source = item["template"]?.string else {
          throw .malformedTemplateList(config)
        }
        entries.append(Entry(name: name, source: source, file: config))
      }
    default: throw .malformedTemplateList(config)
    }
  }

  /// Reads a template's file.
  public static func file(_ path: String, name: String = "default") throws(GraftError) -> Entry {
    let bytes = try readFile(path, limit: 16 << 20)
    guard let source = String(validating: bytes, as: UTF8.self) else {
      let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
      let line = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0
      throw .templateNotText(path, line: line + 1)
    }
    return Entry(name: name, source: source, file: path)
  }

  /// The template that transformers takes: the named one; else `tool_use` for a conversation with
  /// tools, where there is one; else `default`.
  ///
  /// - Throws: ``GraftError`` that names what there is, if that is missing.
  public func entry(named name: String? = nil, hasTools: Bool = false) throws(GraftError) -> Entry {
    let wanted = name.map { [$0] } ?? (hasTools ? ["tool_use", "default"] : ["default"])
    for name in wanted {
      if let entry = entries.first(where: { $0.name == name }) { return entry }
    }
    throw .unknownTemplate(wanted.last ?? "default", among: entries.map(\.name))
  }
}
