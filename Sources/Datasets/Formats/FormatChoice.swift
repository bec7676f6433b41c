public import Diagnostics
import FileIO
public import StrictJSON

/// The chat format that a model was trained with, where that is not its own chat template.
///
/// It stands in `chat_format.json` beside the tokenizer's files and goes along with them, so that
/// scoring writes conversations as training did: `template`, and where they were given
/// `default_system`, `enable_thinking`, `preserve_thinking`, all by LLaMA-Factory's names.
public struct FormatChoice: Sendable, Equatable {
  /// The file's name.
  public static let fileName = "chat_format.json"

  /// The format's name.
  public var name: String
  /// The system's text where a conversation has none; nil for the format's own.
  public var defaultSystem: String?
  /// Whether thoughts are kept, for formats of reasoning models; nil stands for what the format
  /// does by itself.
  public var thinks: Bool? = true
  /// Whether the thoughts of earlier answers are kept.
  public var preservesThinking = false

  /// Chooses a format by its name.
  public init(_ name: String) { self.name = name }

  /// Reads what stands in a directory; nil where there is nothing.
  ///
  /// - Throws: ``GraftError`` if the file is not what Graft writes.
  public init?(directory: String) throws(GraftError) {
    let path = "\(directory)/\(Self.fileName)"
    guard fileExists(path) else { return nil }
    let json = try JSONValue.parse(try readFile(path, limit: 1 << 20), file: path)
    guard let name = json["template"]?.string else { throw .formatChoice(path) }
    self.name = name
    defaultSystem = json["default_system"]?.string
    if let value = json["enable_thinking"] { thinks = value.bool }
    preservesThinking = json["preserve_thinking"]?.bool ?? false
  }

  /// As it stands in the file; what is as LLaMA-Factory has it by itself is left out.
  public var json: JSONValue {
    var object = JSONObject()
    object["template"] = .string(name)
    if let defaultSystem { object["default_system"] = .string(defaultSystem) }
    if thinks != true { object["enable_thinking"] = thinks.map(JSONValue.bool) ?? .null }
    if preservesThinking { object["preserve_thinking"] = true }
    return .object(object)
  }

  /// What it means for encoding.
  public var options: EncodingOptions {
    var options = EncodingOptions()
    options.defaultSystem = defaultSystem
    options.thinks = thinks
    options.preservesThinking = preservesThinking
    return options
  }
}
