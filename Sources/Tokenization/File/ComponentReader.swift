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

  /// A string.
  func string(_ key: String) throws(GraftError) -> String {
    guard let text = value[key]?.string else { throw malformed(key, "a string") }
    return text
  }

  /// A string of one character.
  func character(_ key: String) throws(GraftError) -> UInt32 {
    let scalars = value[key]?.string?.unicodeScalars
    guard let scalars, let first = scalars.first, scalars.count == 1 else {
      throw malformed(key, "a string of one character")
    }
    return first.value
  }

  /// An integer that is not negative, or `fallback` where it is absent or null.
  func int(_ key: String, default fallback: Int) throws(GraftError) -> Int {
    switch value[key] {
    case nil, .null: return fallback
    case let number?:
      guard let int = number.int, int >= 0, int < 1 << 40 else {
        throw malformed(key, "an integer that is not negative")
      }
      return int
    }
  }

  /// The id of a token.
  func tokenID(_ value: JSONValue?, _ key: String) throws(GraftError) -> Int32 {
    guard let id = value?.int, id >= 0, id < TokenizerFile.idLimit else {
      throw malformed(key, "an id from 0 to \(TokenizerFile.idLimit - 1)")
    }
    return Int32(id)
  }

  /// A component in a key.
  func component(_ key: String) throws(GraftError) -> ComponentReader {
    guard let value = value[key], value.object != nil else { throw malformed(key, "an object") }
    return ComponentReader(value: value, file: file, place: "\(place).\(key)")
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
}
