public import Diagnostics
import FileIO
import Glibc
import StrictJSON

/// What `dataset_info.json` says about one data set: LLaMA-Factory's format.
///
/// Once an entry has `columns` (or `tags`), those that it does not name are absent: the defaults
/// hold only where the entry has none.
public struct DatasetInfo: Sendable, Equatable {
  /// How a row is laid out.
  public enum Formatting: String, Sendable, CaseIterable {
    /// A question, perhaps an input, and answers as text.
    case alpaca
    /// A list of messages with roles that take turns.
    case sharegpt
    /// A list of messages as OpenAI's interface has them.
    case openai
  }

  /// The name of the entry.
  public var name: String
  /// The files, in order.
  public var files: [String]
  /// How a row is laid out.
  public var formatting = Formatting.alpaca
  /// Whether a row has two answers, of which one is preferred.
  public var isRanking = false
  /// How many rows to choose, or nil for all.
  public var sampleCount: Int?
  /// Column names by their meaning (`prompt`, `chosen`, ...).
  public var columns: [String: String] = Self.defaultColumns
  /// Tags by their meaning (`role_tag`, `user_tag`, ...).
  public var tags: [String: String] = Self.defaultTags

  /// A data set without a `dataset_info.json`.
  public init(name: String, files: [String]) {
    self.name = name
    self.files = files
  }

  /// Reads the entry `name` of the `dataset_info.json` in `directory`.
  ///
  /// - Throws: ``GraftError`` if there is none (naming the one that is meant), or if it is not one
  ///   of local files.
  public init(_ name: String, directory: String) throws(GraftError) {
    let path = "\(directory)/dataset_info.json"
    let root = try JSONValue.parse(readFile(path, limit: 16 << 20), file: path)
    guard let entries = root.object else {
      throw .datasetInfo("must be an object, found \(root.kindName)", file: path)
    }
    guard let value = entries[name] else {
      throw .undefinedDataset(name, meant: suggestion(for: name, among: entries.keys), file: path)
    }
    guard let entry = value.object else {
      throw .datasetInfo("'\(name)' must be an object, found \(value.kindName)", file: path)
    }
    for key in entry.keys where !Self.keys.contains(key) {
      let meant = suggestion(for: key, among: Self.keys.sorted())
      throw .unknownInfoKey(key, of: name, meant: meant, file: path)
    }
    for key in Self.remoteKeys where entry[key].map({ !$0.isNull }) == true {
      throw .datasetNotLocal(name, key: key, file: path)
    }
    guard let fileName = entry["file_name"]?.string else {
      throw .datasetInfo("'\(name)' needs a file_name", file: path)
    }
    self.init(
      name: name,
      files: try Self.files(fileName.hasPrefix("/") ? fileName : "\(directory)/\(fileName)"))
    if let value = entry["formatting"] {
      guard let known = value.string.flatMap(Formatting.init) else {
        throw .datasetInfo(
          "'\(name)' has a formatting other than alpaca, sharegpt and openai", file: path)
      }
      formatting = known
    }
    isRanking = entry["ranking"]?.bool ?? false
    if let value = entry["num_samples"], !value.isNull {
      guard let count = value.int, count > 0 else {
        throw .datasetInfo("'\(name)': num_samples must be a number above 0", file: path)
      }
      sampleCount = count
    }
    if let value = entry["columns"] {
      columns = try Self.names(value, "columns", of: name, file: path)
    }
    for meaning in ["chosen", "rejected"] where isRanking && columns[meaning] == nil {
      throw .datasetInfo("'\(name)' ranks answers, but names no column '\(meaning)'", file: path)
    }
    if let value = entry["tags"] { tags = try Self.names(value, "tags", of: name, file: path) }
  }

  /// The files of a path: itself, all of a folder, or those that match `*` and `?` in its last
  /// part; in the order of their names.
  ///
  /// - Throws: ``GraftError`` if there is none, or if they are of several types.
  public static func files(_ path: String) throws(GraftError) -> [String] {
    var files: [String]
    if fileExists(path) {
      files = [path]
    } else if directoryExists(path) {
      files = try directoryEntries(path).sorted().map { "\(path)/\($0)" }
    } else {
      let (parent, pattern) = splitPath(path)
      guard pattern.contains("*") || pattern.contains("?"), directoryExists(parent) else {
        throw .noDataFile(path)
      }
      files = try directoryEntries(parent).filter { fnmatch(pattern, $0, FNM_PERIOD) == 0 }
        .sorted().map { "\(parent)/\($0)" }
    }
    guard let first = files.first else { throw .noDataFile(path) }
    let kind = try DataFileKind.of(first).kind
    for file in files where try DataFileKind.of(file).kind != kind { throw .mixedFileTypes(path) }
    return files
  }

  private static func names(
    _ value: JSONValue, _ key: String, of name: String, file: String
  ) throws(GraftError) -> [String: String] {
    guard let object = value.object else {
      throw .datasetInfo("'\(name)': \(key) must be an object, found \(value.kindName)", file: file)
    }
    let known = key == "columns" ? columnKeys : tagKeys
    var names: [String: String] = [:]
    for (meaning, value) in object where !value.isNull {
      guard known.contains(meaning) else {
        let meant = suggestion(for: meaning, among: known)
        throw .unknownInfoKey("\(key).\(meaning)", of: name, meant: meant, file: file)
      }
      guard let text = value.string else {
        throw .datasetInfo(
          "'\(name)': \(key).\(meaning) must be text, found \(value.kindName)", file: file)
      }
      names[meaning] = text
    }
    return names
  }

  private static let remoteKeys = [
    "hf_hub_url", "ms_hub_url", "om_hub_url", "script_url", "cloud_file_name",
  ]

  private static let keys: Set<String> = Set(
    [
      "file_name", "formatting", "ranking", "columns", "tags", "num_samples", "subset", "split",
      "folder", "file_sha1",
    ] + remoteKeys)

  private static let columnKeys = [
    "prompt", "query", "response", "history", "messages", "system", "tools", "images", "videos",
    "audios", "chosen", "rejected", "kto_tag", "margin",
  ]

  private static let tagKeys = [
    "role_tag", "content_tag", "user_tag", "assistant_tag", "observation_tag", "function_tag",
    "system_tag",
  ]

  private static let defaultColumns = [
    "prompt": "instruction", "query": "input", "response": "output", "messages": "conversations",
  ]

  private static let defaultTags = [
    "role_tag": "from", "content_tag": "value", "user_tag": "human", "assistant_tag": "gpt",
    "observation_tag": "observation", "function_tag": "function_call", "system_tag": "system",
  ]
}
