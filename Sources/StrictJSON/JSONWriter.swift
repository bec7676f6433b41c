extension JSONValue {
  /// How JSON text is laid out; the defaults are those of Python's `json.dumps`.
  public struct Style: Sendable {
    /// The spaces per level, or nil for one line.
    public var indent: Int?
    /// Whether keys are written in the order of their code points.
    public var sortsKeys: Bool
    /// Whether a comma and a colon are followed by a space, on one line.
    public var isSpaced: Bool

    /// Two spaces a level, keys in their own order: as transformers and tokenizers write.
    public static let pretty = Style(indent: 2, sortsKeys: false, isSpaced: true)
    /// Two spaces a level, keys sorted: as transformers writes config.json.
    public static let prettySorted = Style(indent: 2, sortsKeys: true, isSpaced: true)
    /// One line without spaces.
    public static let compact = Style(indent: nil, sortsKeys: false, isSpaced: false)
  }

  /// JSON text; characters above ASCII stand for themselves.
  public func text(_ style: Style = .compact) -> String {
    var out = ""
    write(style, level: 0, into: &out)
    return out
  }

  private func write(_ style: Style, level: Int, into out: inout String) {
    switch self {
    case .null: out += "null"
    case .bool(let value): out += value ? "true" : "false"
    case .number(let value): out += value.text
    case .string(let value): Self.write(value, into: &out)
    case .array(let elements):
      Self.writeItems(elements, "[", "]", style, level, into: &out) { element, out in
        element.write(style, level: level + 1, into: &out)
      }
    case .object(let object):
      let keys = style.sortsKeys ? object.keys.sorted(by: Self.precedes) : object.keys
      Self.writeItems(keys, "{", "}", style, level, into: &out) { key, out in
        Self.write(key, into: &out)
        out += style.isSpaced ? ": " : ":"
        (object[key] ?? .null).write(style, level: level + 1, into: &out)
      }
    }
  }

  private static func precedes(_ a: String, _ b: String) -> Bool {
    a.unicodeScalars.lexicographicallyPrecedes(b.unicodeScalars)
  }

  private static func writeItems<Item>(
    _ items: [Item], _ open: String, _ close: String, _ style: Style, _ level: Int,
    into out: inout String, write: (Item, inout String) -> Void
  ) {
    out += open
    for (i, item) in items.enumerated() {
      if i > 0 { out += style.indent == nil && style.isSpaced ? ", " : "," }
      if let indent = style.indent {
        out += "\n" + String(repeating: " ", count: indent * (level + 1))
      }
      write(item, &out)
    }
    if let indent = style.indent, !items.isEmpty {
      out += "\n" + String(repeating: " ", count: indent * level)
    }
    out += close
  }

  /// Writes a string with its quotation marks, escaped as Python's `json.dumps` does.
  ///
  /// - Parameter isASCII: whether what is not printable ASCII is escaped too (`ensure_ascii`).
  public static func write(_ value: String, isASCII: Bool = false, into out: inout String) {
    out += "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case "\u{08}": out += "\\b"
      case "\u{0C}": out += "\\f"
      case _ where scalar.value < 0x20 || (isASCII && scalar.value > 0x7E):
        for unit in String(scalar).utf16 {
          let hex = String(unit, radix: 16)
          out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        }
      default: out.unicodeScalars.append(scalar)
      }
    }
    out += "\""
  }
}
