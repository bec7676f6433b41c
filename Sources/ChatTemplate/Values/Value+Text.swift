extension Value {
  /// The text that Python's `str` gives.
  var text: String {
    switch self {
    case .undefined: ""
    case .string(let value), .markup(let value): value
    default: representation
    }
  }

  /// The text that Python's `repr` gives.
  var representation: String {
    switch self {
    case .undefined: "Undefined"
    case .none: "None"
    case .bool(let value): value ? "True" : "False"
    case .int(let value): String(value)
    case .double(let value): Self.text(of: value)
    case .string(let value): Self.quoted(value)
    case .markup(let value): "Markup(\(Self.quoted(value)))"
    case .list(let items): "[" + items.map(\.representation).joined(separator: ", ") + "]"
    case .tuple(let items):
      "(" + items.map(\.representation).joined(separator: ", ") + (items.count == 1 ? ",)" : ")")
    case .dictionary(let value): Self.text(of: value)
    // Not its values: it may hold itself.
    case .namespace: "<Namespace>"
    case .iterator: "<generator>"
    case .view(let view): view.representation
    case .loop(let loop): "<LoopContext \(loop.index + 1)/\(loop.items.count)>"
    case .macro(let macro): "<Macro '\(macro.definition.name)'>"
    case .function(let name), .method(_, let name): "<function \(name)>"
    case .helper: "<helper>"
    }
  }

  private static func text(of dictionary: TemplateDictionary) -> String {
    let items = zip(dictionary.keys, dictionary.values).map {
      "\($0.representation): \($1.representation)"
    }
    return "{" + items.joined(separator: ", ") + "}"
  }

  /// A number as Python prints it.
  static func text(of value: Double) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    return value.description
  }

  private static func quoted(_ value: String) -> String {
    let scalars = value.unicodeScalars
    let quote: Unicode.Scalar =
      scalars.contains("'") && !scalars.contains("\"") ? "\"" : "'"
    var out = String.UnicodeScalarView([quote])
    for scalar in scalars {
      switch scalar {
      case quote, "\\": out.append(contentsOf: ["\\", scalar])
      case "\n": out.append(contentsOf: "\\n".unicodeScalars)
      case "\r": out.append(contentsOf: "\\r".unicodeScalars)
      case "\t": out.append(contentsOf: "\\t".unicodeScalars)
      case _ where !isPrintable(scalar):
        let (mark, width) =
          scalar.value < 0x100 ? ("x", 2) : scalar.value < 0x10000 ? ("u", 4) : ("U", 8)
        let hex = String(scalar.value, radix: 16)
        let zeros = String(repeating: "0", count: width - hex.count)
        out.append(contentsOf: "\\\(mark)\(zeros)\(hex)".unicodeScalars)
      default: out.append(scalar)
      }
    }
    out.append(quote)
    return String(out)
  }

  static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.value < 0x7F { return scalar.value >= 0x20 }
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
      .paragraphSeparator, .spaceSeparator:
      return false
    default: return true
    }
  }
}
