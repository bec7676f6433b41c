import Diagnostics
import FileIO
import StrictJSON

/// What `dataset_info.json` says about one data set: LLaMA-Factory's format.
///
/// Once an entry names any column (or tag), those that it does not name are absent: the defaults
/// hold only where the entry names none.
struct DatasetInfo: Sendable, Equatable {
  /// How a row is laid out.
  enum Formatting: String, Sendable, CaseIterable {
    /// A question, perhaps an input, and answers as text.
    case alpaca
    /// A list of messages with roles.
    case sharegpt
    /// A list of messages with OpenAI's role names.
    case openai
  }

  /// The name of the entry.
  var name: String
  /// The path of the file.
  var file: String
  /// How a row is laid out.
  var formatting: Formatting
  /// Column names by their meaning (`prompt`, `chosen`, ...).
  var columns: [String: String]
  /// Tags by their meaning (`role_tag`, `user_tag`, ...).
  var tags: [String: String]

  /// Reads the entry `name` of the `dataset_info.json` in `directory`.
  ///
  /// - Throws: ``GraftError`` if there is none (naming the one that is meant), or if it is not one
  ///   of preference pairs in a local JSON file.
  init(_ name: String, directory: String) throws(GraftError) {
    let path = "\(directory)/dataset_info.json"
    let root = try JSONValue.parse(readFile(path, limit: 16 << 20), file: path)
    guard let entries = root.object else { throw .datasetInfo("must be an object", file: path) }
    guard let value = entries[name] else {
      throw .unknownDataset(name, meant: suggestion(for: name, among: entries.keys), file: path)
    }
    guard let entry = value.object else {
      throw .datasetInfo("'\(name)' must be an object, found \(value.kindName)", file: path)
    }
    try self.init(name, entry: entry, directory: directory, path: path)
  }

  private init(
    _ name: String, entry: JSONObject, directory: String, path: String
  ) throws(GraftError) {
    self.name = name
    for (key, value) in entry where !Self.keys.contains(key) && !value.isNull {
      let meant = suggestion(for: key, among: Self.keys.sorted())
      throw .unknownKey(key, of: name, meant: meant, file: path)
    }
    for key in Self.remoteKeys where entry[key]?.isNull == false {
      throw .remoteDataset(name, key: key, file: path)
    }
    for key in Self.unsupportedKeys where entry[key]?.isNull == false {
      throw .unsupportedDatasetKey(name, key: key, file: path)
    }
    guard let fileName = entry["file_name"]?.string else {
      throw .datasetInfo("'\(name)' needs a file_name", file: path)
    }
    file = fileName.hasPrefix("/") ? fileName : "\(directory)/\(fileName)"
    let isJSON = [".json", ".jsonl"].contains { fileName.lowercased().hasSuffix($0) }
    guard isJSON else { throw .datasetFileType(file) }
    guard entry["ranking"]?.bool == true else { throw .notRanking(name, file: path) }
    switch entry["formatting"] {
    case nil, .null?: formatting = .alpaca
    case let value?:
      guard let text = value.string, let known = Formatting(rawValue: text) else {
        throw .datasetInfo(
          "'\(name)' has a formatting other than alpaca, sharegpt and openai", file: path)
      }
      formatting = known
    }
    columns = try Self.names(
      entry, "columns", defaults: Self.defaultColumns(formatting), of: name, file: path)
    tags = try Self.names(
      entry, "tags", defaults: Self.defaultTags(formatting), of: name, file: path)
    let needed = formatting == .alpaca ? ["prompt"] : ["messages"]
    for column in needed + ["chosen", "rejected"] where columns[column] == nil {
      throw .missingColumn(column, of: name, file: path)
    }
  }

  private static func names(
    _ entry: JSONObject, _ key: String, defaults: [String: String], of name: String, file: String
  ) throws(GraftError) -> [String: String] {
    guard let value = entry[key], !value.isNull else { return defaults }
    guard let object = value.object else {
      throw .datasetInfo("'\(name)': \(key) must be an object, found \(value.kindName)", file: file)
    }
    let known = key == "columns" ? columnKeys : tagKeys
    var names: [String: String] = [:]
    for (meaning, value) in object where !value.isNull {
      guard known.contains(meaning) else {
        let meant = suggestion(for: meaning, among: known)
        throw .unknownKey("\(key).\(meaning)", of: name, meant: meant, file: file)
      }
      guard let text = value.string else {
        throw .datasetInfo(
          "'\(name)': \(key).\(meaning) must be text, found \(value.kindName)", file: file)
      }
      names[meaning] = text
    }
    return names
  }

  private static let keys: Set<String> = Set(
    ["file_name", "formatting", "ranking", "columns", "tags"] + remoteKeys + unsupportedKeys
      // These only matter for a data set of a hub.
      + ["subset", "split", "folder"])

  private static let remoteKeys = [
    "hf_hub_url", "ms_hub_url", "om_hub_url", "script_url", "cloud_file_name",
  ]

  private static let unsupportedKeys = ["num_samples"]

  private static let columnKeys = [
    "prompt", "query", "response", "history", "messages", "system", "tools", "images", "videos",
    "audios", "chosen", "rejected", "kto_tag", "margin",
  ]

  private static let tagKeys = [
    "role_tag", "content_tag", "user_tag", "assistant_tag", "observation_tag", "function_tag",
    "system_tag",
  ]

  private static func defaultColumns(_ formatting: Formatting) -> [String: String] {
    switch formatting {
    case .alpaca:
      ["prompt": "instruction", "query": "input", "chosen": "chosen", "rejected": "rejected"]
    case .sharegpt:
      ["messages": "conversations", "chosen": "chosen", "rejected": "rejected"]
    case .openai:
      ["messages": "messages", "chosen": "chosen", "rejected": "rejected"]
    }
  }

  private static func defaultTags(_ formatting: Formatting) -> [String: String] {
    switch formatting {
    case .alpaca, .sharegpt:
      [
        "role_tag": "from", "content_tag": "value", "user_tag": "human", "assistant_tag": "gpt",
        "observation_tag": "observation", "function_tag": "function_call", "system_tag": "system",
      ]
    case .openai:
      [
        "role_tag": "role", "content_tag": "content", "user_tag": "user",
        "assistant_tag": "assistant", "observation_tag": "tool", "system_tag": "system",
      ]
    }
  }
}
