public import Diagnostics
import FileIO
public import StrictJSON

/// What decides the tokens of a data set: as long as nothing of it changes, they need not be made
/// again.
public struct TokenCacheKey: Sendable, Equatable {
  /// The parts, with hashes in the place of files.
  public let parts: JSONObject
  /// Of all parts: the SHA-256, in lower-case hexadecimal.
  public let digest: String

  /// The files that say how a model's text is tokenized and laid out.
  private static let tokenizerFiles: Set = [
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    "chat_template.jinja", "chat_template.json", "vocab.json", "merges.txt", "vocab.txt",
  ]

  /// Collects the parts.
  ///
  /// - Parameters:
  ///   - files: of the data set; their bytes count and their order, not their names.
  ///   - layout: what `dataset_info.json` says about the rows.
  ///   - limit: the rows that are read.
  ///   - model: the directory of the tokenizer and the chat template.
  ///   - options: everything else: stage, lengths, the rule of encoding, and its version.
  /// - Throws: ``GraftError`` if a file cannot be read.
  public init(
    files: [String], layout: DatasetInfo?, limit: Int?, model: String, options: JSONObject
  ) throws(GraftError) {
    var parts = JSONObject()
    parts["format"] = JSONValue(TokenCache.formatVersion)
    var hashes: [JSONValue] = []
    for file in files {
      // Names tell how the bytes are read.
      let (kind, unpacker) = try DataFileKind.of(file)
      hashes.append([
        .string(kind.rawValue), .string(unpacker ?? ""), .string(try sha256(ofFile: file)),
      ])
    }
    parts["files"] = .array(hashes)
    if let layout { parts["layout"] = layout.json }
    if let limit { parts["limit"] = JSONValue(limit) }
    var tokenizer = JSONObject()
    for name in try directoryEntries(model).sorted()
    where Self.tokenizerFiles.contains(name) || name.hasSuffix(".model")
      || name.hasSuffix(".tiktoken")
    { tokenizer[name] = .string(try sha256(ofFile: "\(model)/\(name)")) }
    parts["tokenizer"] = .object(tokenizer)
    parts["options"] = .object(options)
    self.init(parts)
  }

  /// A key of parts.
  init(_ parts: JSONObject) {
    self.parts = parts
    digest = sha256(of: Array(JSONValue.object(parts).text().utf8))
  }
}

extension DatasetInfo {
  /// What it says about rows, without names and places of files.
  var json: JSONValue {
    func sorted(_ names: [String: String]) -> JSONValue {
      var object = JSONObject()
      for (meaning, name) in names.sorted(by: { $0.key < $1.key }) {
        object[meaning] = .string(name)
      }
      return .object(object)
    }
    return [
      "formatting": .string(formatting.rawValue), "ranking": .bool(isRanking),
      "columns": sorted(columns), "tags": sorted(tags),
    ]
  }
}

/// The SHA-256 of bytes, in lower-case hexadecimal.
func sha256(of bytes: [UInt8]) -> String {
  var hash = StreamHash()
  bytes.withUnsafeBytes { hash.update($0) }
  return hash.finish()
}
