import Diagnostics

/// Lays out a value as Python's `pprint` does, in lines of 80 characters.
struct PrettyPrinter {
  private static let width = 80
  private var out = ""

  /// The text of a value.
  static func text(of value: Value) throws(GraftError) -> String {
    var printer = PrettyPrinter()
    try printer.write(value, indent: 0, allowance: 0, level: 0)
    return printer.out
  }

  private mutating func write(
    _ value: Value, indent: Int, allowance: Int, level: Int
  ) throws(GraftError) {
    let line = try Self.line(value)
    guard line.unicodeScalars.count > Self.width - indent - allowance else {
      out += line
      return
    }
    switch value {
    case .dictionary(let dictionary):
      try write(
        Self.sorted(dictionary), "{", "}", indent: indent, allowance: allowance, level: level)
    case .list(let items):
      try write(
        items.map { (nil, $0) }, "[", "]", indent: indent, allowance: allowance, level: level)
    case .tuple(let items):
      try write(
        items.map { (nil, $0) }, "(", items.count == 1 ? ",)" : ")", indent: indent,
        allowance: allowance, level: level)
    case .string(let text): write(text, line, indent: indent, allowance: allowance, level: level)
    default: out += line
    }
  }

  private mutating func write(
    _ entries: [(key: Value?, value: Value)], _ open: String, _ close: String, indent: Int,
    allowance: Int, level: Int
  ) throws(GraftError) {
    out += open
    for (i, entry) in entries.enumerated() {
      var indent = indent + 1
      if i > 0 { out += ",\n" + String(repeating: " ", count: indent) }
      if let key = entry.key {
        let key = try Self.line(key) + ": "
        out += key
        indent += key.unicodeScalars.count
      }
      try write(
        entry.value, indent: indent,
        allowance: i == entries.count - 1 ? allowance + close.utf8.count : 1, level: level + 1)
      guard out.utf8.count <= Limits.valueLength else {
        throw .templateLimit("a value would be longer than \(Limits.valueLength)")
      }
    }
    out += close
  }

  /// Writes a text in parts, broken at line ends and after space.
  private mutating func write(
    _ text: String, _ line: String, indent: Int, allowance: Int, level: Int
  ) {
    guard !text.isEmpty else {
      out += line
      return
    }
    let isOutermost = level == 0
    let indent = indent + (isOutermost ? 1 : 0)
    let allowance = allowance + (isOutermost ? 1 : 0)
    let width = Self.width - indent
    var chunks: [String] = []
    let lines = text.lines(keepingEnds: true)
    for (i, line) in lines.enumerated() {
      let isLast = i == lines.count - 1
      let whole = Value.string(line).representation
      if whole.unicodeScalars.count <= width - (isLast ? allowance : 0) {
        chunks.append(whole)
        continue
      }
      var current = ""
      let parts = line.wordsWithSpace
      for (j, part) in parts.enumerated() {
        let limit = width - (isLast && j == parts.count - 1 ? allowance : 0)
        if Value.string(current + part).representation.unicodeScalars.count > limit {
          if !current.isEmpty { chunks.append(Value.string(current).representation) }
          current = part
        } else {
          current += part
        }
      }
      if !current.isEmpty { chunks.append(Value.string(current).representation) }
    }
    let text = chunks.joined(separator: "\n" + String(repeating: " ", count: indent))
    out += isOutermost && chunks.count > 1 ? "(\(text))" : text
  }

  /// The value in one line: as printed, but with the keys in order.
  private static func line(_ value: Value) throws(GraftError) -> String {
    switch value {
    case .dictionary(let dictionary):
      var parts: [String] = []
      for (key, value) in try sorted(dictionary) {
        parts.append(try line(key ?? .none) + ": " + line(value))
      }
      return "{" + parts.joined(separator: ", ") + "}"
    case .list(let items), .tuple(let items):
      var parts: [String] = []
      for item in items { parts.append(try line(item)) }
      let text = parts.joined(separator: ", ")
      if case .list = value { return "[\(text)]" }
      return parts.count == 1 ? "(\(text),)" : "(\(text))"
    default: return value.representation
    }
  }

  /// The entries by key; keys that have no order go by the names of their types.
  private static func sorted(
    _ dictionary: TemplateDictionary
  ) throws(GraftError) -> [(key: Value?, value: Value)] {
    let values = dictionary.values
    let order = dictionary.keys.enumerated().sorted { a, b in
      let isBefore = try? a.element.precedes(b.element)
      return isBefore ?? (a.element.typeName < b.element.typeName)
    }
    return order.map { ($0.element, values[$0.offset]) }
  }
}

extension String {
  /// The words, each with the white space after it.
  fileprivate var wordsWithSpace: [String] {
    var words: [String] = []
    var rest = unicodeScalars[...]
    while !rest.isEmpty {
      let word = rest.prefix { !isSpace($0) }
      let space = rest[word.endIndex...].prefix(while: isSpace)
      words.append(String(rest[..<space.endIndex]))
      rest = rest[space.endIndex...]
    }
    return words
  }
}
