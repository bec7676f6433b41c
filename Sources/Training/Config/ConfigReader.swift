import Diagnostics
import FileIO
import Foundation
import Yams

/// The entries of a YAML mapping, read by key and type.
///
/// A reader method returns nil for an absent key and for a value it cannot accept; the latter is
/// recorded in ``problems``, so that a whole configuration is read before anything is reported and
/// a misspelt key is not reported as a missing one.
struct ConfigReader {
  private struct Entry {
    var value: Node
    var file: String
    var line: Int?
    var keyLine: Int?
  }

  /// The file, for errors that concern no one line.
  let file: String
  /// What was wrong so far.
  private(set) var problems: [GraftError] = []
  /// The keys that were asked for: those that the configuration knows.
  private(set) var asked: Set<String> = []
  private var entries: [String: Entry] = [:]
  private var order: [String] = []

  /// Reads the YAML file at `path`; `overrides` of the form `key=value` replace its entries.
  init(_ path: String, overrides: [String]) throws(GraftError) {
    file = path
    let bytes = try readFile(path, limit: 1 << 20)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .invalidYAML("is not UTF-8 text", file: path, line: nil)
    }
    guard let root = try Self.compose(text, file: path) else { return }
    guard case .mapping(let mapping) = root else {
      throw .invalidYAML("must hold keys and values", file: path, line: root.mark?.line)
    }
    for (key, value) in mapping {
      guard case .scalar(let name) = key else {
        throw .invalidYAML("a key must be a word", file: path, line: key.mark?.line)
      }
      set(
        name.string,
        Entry(value: value, file: path, line: value.mark?.line, keyLine: name.mark?.line))
    }
    for override in overrides { try apply(override) }
  }

  private mutating func apply(_ override: String) throws(GraftError) {
    guard let equals = override.firstIndex(of: "="), equals != override.startIndex else {
      throw .malformedOverride(override)
    }
    let key = String(override[..<equals])
    let text = String(override[override.index(after: equals)...])
    let value = try Self.compose(text, file: "command line") ?? Node("", Tag(.null))
    set(key, Entry(value: value, file: "command line", line: nil, keyLine: nil))
  }

  private mutating func set(_ key: String, _ entry: Entry) {
    if entries.updateValue(entry, forKey: key) == nil { order.append(key) }
  }

  private static func compose(_ text: String, file: String) throws(GraftError) -> Node? {
    do {
      return try Yams.compose(yaml: text)
    } catch let error as YamlError {
      switch error {
      case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
        .composer(_, let problem, let mark, _):
        throw .invalidYAML(problem, file: file, line: mark.line)
      case .duplicatedKeysInMapping(let keys, let context):
        throw .duplicateConfigKeys(keys, file: file, line: context.mark.line)
      default: throw .invalidYAML("\(error)", file: file, line: nil)
      }
    } catch {
      throw .invalidYAML("\(error)", file: file, line: nil)
    }
  }

  // MARK: - Typed values

  /// Text; a number or a truth value is taken as written.
  mutating func string(_ key: String) -> String? {
    guard let (scalar, _) = scalar(key, expected: "text") else { return nil }
    return scalar.string
  }

  /// A whole number that `accept` accepts; `range` says in words which those are.
  mutating func integer(
    _ key: String, _ range: String, where accept: (Int) -> Bool
  ) -> Int? {
    guard let (scalar, entry) = scalar(key, expected: "a whole number") else { return nil }
    guard let value = Int(scalar.string.filter { $0 != "_" }) else {
      fail(key, entry, found: scalar.string, expected: "a whole number")
      return nil
    }
    guard accept(value) else {
      fail(key, entry, found: scalar.string, expected: "a whole number \(range)")
      return nil
    }
    return value
  }

  /// A number that `accept` accepts; `1e-4` is one, though YAML 1.1 reads it as text.
  mutating func number(
    _ key: String, _ range: String, where accept: (Double) -> Bool
  ) -> Double? {
    guard let (scalar, entry) = scalar(key, expected: "a number") else { return nil }
    guard let value = Double(scalar.string.filter { $0 != "_" }), value.isFinite else {
      fail(key, entry, found: scalar.string, expected: "a number")
      return nil
    }
    guard accept(value) else {
      fail(key, entry, found: scalar.string, expected: "a number \(range)")
      return nil
    }
    return value
  }

  /// A truth value, in YAML 1.1's words.
  mutating func flag(_ key: String) -> Bool? {
    guard let (scalar, entry) = scalar(key, expected: "true or false") else { return nil }
    guard let value = Self.flag(scalar.string) else {
      fail(key, entry, found: scalar.string, expected: "true or false")
      return nil
    }
    return value
  }

  /// One of the names of a type.
  mutating func choice<T: RawRepresentable<String> & CaseIterable>(
    _ key: String, _ type: T.Type
  ) -> T? {
    let names = T.allCases.map(\.rawValue)
    guard let (scalar, entry) = scalar(key, expected: "one of " + names.joined(separator: ", "))
    else { return nil }
    if let value = T(rawValue: scalar.string.lowercased()) { return value }
    // YAML 1.1 reads a bare `no` as false; LLaMA-Factory's users write both.
    if Self.flag(scalar.string) == false, let value = T(rawValue: "no") { return value }
    fail(key, entry, found: scalar.string, expected: "one of " + names.joined(separator: ", "))
    return nil
  }

  /// A list: a YAML sequence, or words between commas.
  mutating func list(_ key: String) -> [String]? {
    guard let entry = entry(key) else { return nil }
    switch entry.value {
    case .scalar(let scalar):
      let parts = scalar.string.split(separator: ",").map {
        $0.trimmingCharacters(in: .whitespaces)
      }
      guard !parts.isEmpty, parts.allSatisfy({ !$0.isEmpty }) else {
        fail(key, entry, found: scalar.string, expected: "words between commas")
        return nil
      }
      return parts
    case .sequence(let items):
      var words: [String] = []
      for item in items {
        guard case .scalar(let scalar) = item, !scalar.string.isEmpty else {
          fail(key, entry, found: "a nested value", expected: "a list of words")
          return nil
        }
        words.append(scalar.string)
      }
      return words
    default:
      fail(key, entry, found: "a mapping", expected: "a list of words")
      return nil
    }
  }

  // MARK: - The rest

  /// Records a problem with the value of `key`, where it stands.
  mutating func report(_ key: String, _ message: String, remedy: String? = nil) {
    let entry = entries[key]
    problems.append(
      .invalidConfig(message, file: entry?.file ?? file, line: entry?.line, remedy: remedy))
  }

  /// The keys that nobody asked for, in the order of the file.
  var unread: [String] { order.filter { !asked.contains($0) } }

  /// Whether `key` has a value that switches nothing on: null, false, none, no, an empty list.
  func isOff(_ key: String) -> Bool {
    guard let entry = entries[key] else { return true }
    switch entry.value {
    case .scalar(let scalar):
      return Self.isNull(scalar) || Self.flag(scalar.string) == false
        || ["none", "no", "0"].contains(scalar.string.lowercased())
    case .sequence(let items): return items.isEmpty
    case .mapping(let mapping): return mapping.isEmpty
    case .alias: return false
    }
  }

  /// The value of `key` as it was written, if it is a plain one.
  func written(_ key: String) -> String? {
    if case .scalar(let scalar)? = entries[key]?.value { scalar.string } else { nil }
  }

  /// The place of a key.
  func place(_ key: String) -> (file: String, line: Int?) {
    (entries[key]?.file ?? file, entries[key]?.keyLine)
  }

  private mutating func entry(_ key: String) -> Entry? {
    asked.insert(key)
    guard let entry = entries[key] else { return nil }
    if case .scalar(let scalar) = entry.value, Self.isNull(scalar) { return nil }
    return entry
  }

  private mutating func scalar(_ key: String, expected: String) -> (Node.Scalar, Entry)? {
    guard let entry = entry(key) else { return nil }
    switch entry.value {
    case .scalar(let scalar): return (scalar, entry)
    case .sequence: fail(key, entry, found: "a list", expected: expected)
    case .mapping: fail(key, entry, found: "a mapping", expected: expected)
    case .alias: fail(key, entry, found: "an alias", expected: expected)
    }
    return nil
  }

  private mutating func fail(_ key: String, _ entry: Entry, found: String, expected: String) {
    problems.append(
      .wrongConfigValue(key, found: found, expected: expected, file: entry.file, line: entry.line))
  }

  private static func isNull(_ scalar: Node.Scalar) -> Bool {
    scalar.style != .singleQuoted && scalar.style != .doubleQuoted
      && ["", "~", "null"].contains(scalar.string.lowercased())
  }

  private static func flag(_ text: String) -> Bool? {
    switch text.lowercased() {
    case "true", "yes", "on": true
    case "false", "no", "off": false
    default: nil
    }
  }
}
