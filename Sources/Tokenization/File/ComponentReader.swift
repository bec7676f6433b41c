import Diagnostics
import StrictJSON

/// Reads the settings of one component of a tokenizer file and says where something is wrong.
struct ComponentReader {
  /// The component's object.
  let value: JSONValue
  /// The file, for errors.
  let file: String
  /// Where the component is, as in `pre_tokenizer.pretokenizers[0]`.
  let place: String

  /// The component's `type`.
  func type() throws(GraftError) -> String {
    guard let type = value["type"]?.string else { throw malformed("type", "a string") }
    return type
  }

  /// A truth value, or `fallback` where it is absent or null.
  func bool(_ key: String, default fallback: Bool) throws(GraftError) -> Bool {
    switch value[key] {
    case nil, .null: return fallback
    case .bool(let value): return value
    default: throw malformed(key, "true or false")
    }
  }

  /// A string, or nil where it is absent or null.
  func optionalString(_ key: String) throws(GraftError) -> String? {
    switch value[key] {
    case nil, .null: return nil
    case .string(let value): return value
    default: throw malformed(key, "a string")
    }
  }

  /// The components in a list.
  func components(_ key: String) throws(GraftError) -> [ComponentReader] {
    guard let list = value[key]?.array else { throw malformed(key, "a list") }
    return list.enumerated().map { i, element in
      ComponentReader(value: element, file: file, place: "\(place).\(key)[\(i)]")
    }
  }

  /// Refuses a setting with a value that changes ids and is not implemented.
  func require(_ key: String, isOneOf allowed: [JSONValue?]) throws(GraftError) {
    guard allowed.contains(value[key]) else { throw unsupportedSetting(key, value[key]) }
  }

  func malformed(_ key: String, _ expected: String) -> GraftError {
    .malformedTokenizer(
      "\(place).\(key) must be \(expected), is \(value[key]?.kindName ?? "absent")", file: file)
  }

  func unsupported(_ type: String, supported: [String]) -> GraftError {
    .unsupportedComponent(place, type, supported: supported, file: file)
  }

  func unsupportedSetting(_ key: String, _ value: JSONValue?) -> GraftError {
    .unsupportedSetting(place, key, value?.text() ?? "nothing", file: file)
  }

  func unsupportedPattern(_ value: JSONValue?) -> GraftError {
    .unsupportedSetting(place, "pattern", value?.text() ?? "nothing", file: file)
  }
}
