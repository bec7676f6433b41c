import Diagnostics
import StrictJSON

/// How `tojson` lays out its text: Python's `json.dumps`.
struct JSONLayout {
  var indent: String?
  var itemSeparator = ", "
  var keySeparator = ": "
  var sortsKeys = false
  var isASCII = false
}

extension Value {
  /// The value as JSON.
  ///
  /// - Throws: ``GraftError`` for what JSON has no notation for.
  func json(_ layout: JSONLayout, level: Int = 0) throws(GraftError) -> String {
    switch self {
    case .none: return "null"
    case .bool(let value): return value ? "true" : "false"
    case .int(let value): return String(value)
    case .double(let value):
      if value.isNaN { return "NaN" }
      if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
      return Self.text(of: value)
    case .string(let value), .markup(let value):
      return Self.jsonString(value, isASCII: layout.isASCII)
    case .list(let items), .tuple(let items):
      var parts: [String] = []
      for item in items { parts.append(try item.json(layout, level: level + 1)) }
      return Self.enclose(parts, "[", "]", layout, level)
    case .dictionary(let dictionary):
      var entries: [(String, Value)] = []
      for (key, value) in zip(dictionary.keys, dictionary.values) {
        entries.append((try key.jsonKey(), value))
      }
      if layout.sortsKeys { entries.sort { $0.0.unicodeScalars.precedes($1.0.unicodeScalars) } }
      var parts: [String] = []
      for (key, value) in entries {
        parts.append(
          Self.jsonString(key, isASCII: layout.isASCII) + layout.keySeparator
            + (try value.json(layout, level: level + 1)))
      }
      return Self.enclose(parts, "{", "}", layout, level)
    default: throw .templateFailure("a value of type \(typeName) cannot be written as JSON")
    }
  }

  private func jsonKey() throws(GraftError) -> String {
    switch self {
    case .string(let key), .markup(let key): return key
    case .none: return "null"
    case .bool(let value): return value ? "true" : "false"
    case .int, .double: return text
    default: throw .templateFailure("a key of type \(typeName) cannot be written as JSON")
    }
  }

  private static func enclose(
    _ parts: [String], _ open: String, _ close: String, _ layout: JSONLayout, _ level: Int
  ) -> String {
    guard let indent = layout.indent, !parts.isEmpty else {
      return open + parts.joined(separator: layout.itemSeparator) + close
    }
    let inner = "\n" + String(repeating: indent, count: level + 1)
    let outer = "\n" + String(repeating: indent, count: level)
    return open + inner + parts.joined(separator: layout.itemSeparator + inner) + outer + close
  }

  private static func jsonString(_ value: String, isASCII: Bool) -> String {
    var out = ""
    JSONValue.write(value, isASCII: isASCII, into: &out)
    return out
  }
}

extension String.UnicodeScalarView {
  /// Whether this comes before `other` in the order of code points.
  func precedes(_ other: String.UnicodeScalarView) -> Bool {
    lexicographicallyPrecedes(other)
  }
}
