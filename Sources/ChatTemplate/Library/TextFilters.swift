import Diagnostics

/// The filters on text.
let textFilters: [String: FilterBody] = [
  "string": { (value, _, _) throws(GraftError) in .string(value.text) },
  "safe": { (value, _, _) throws(GraftError) in .markup(value.text) },
  "upper": { (value, _, _) throws(GraftError) in .string(value.text.uppercased()) },
  "lower": { (value, _, _) throws(GraftError) in .string(value.text.lowercased()) },
  "capitalize": { (value, _, _) throws(GraftError) in .string(value.text.pythonCapitalized) },
  "title": { (value, _, _) throws(GraftError) in .string(titled(value.text)) },
  "trim": { (value, arguments, _) throws(GraftError) in
    let characters = try arguments.string(0, "chars", default: "")
    return .string(value.text.stripped(of: characters.isEmpty ? nil : characters, .both))
  },
  "replace": { (value, arguments, _) throws(GraftError) in
    let old = try arguments.required(0, "old").text
    let new = try arguments.required(1, "new").text
    let count = try arguments.int(2, "count", default: -1)
    return .string(try value.text.replacing(old, with: new, atMost: count))
  },
  "format": { (value, arguments, _) throws(GraftError) in
    if !arguments.keyword.isEmpty {
      var dictionary = TemplateDictionary()
      for (name, value) in arguments.keyword { dictionary.set(name, value) }
      return .string(try value.text.percentFormat(.dictionary(dictionary)))
    }
    return .string(try value.text.percentFormat(.tuple(arguments.positional)))
  },
  "indent": indentFilter,
  "center": { (value, arguments, _) throws(GraftError) in
    .string(try value.text.padded(to: arguments.int(0, "width", default: 80), .center))
  },
  "wordcount": { (value, _, _) throws(GraftError) in .int(value.text.splitAtSpace(-1).count) },
  "truncate": truncateFilter,
  "escape": escapeFilter,
  "e": escapeFilter,
  "forceescape": escapeFilter,
  "urlencode": { (value, _, _) throws(GraftError) in
    var out = ""
    for byte in value.text.utf8 {
      let scalar = Unicode.Scalar(byte)
      switch scalar {
      case "a"..."z", "A"..."Z", "0"..."9", "_", ".", "-", "~", "/":
        out.unicodeScalars.append(scalar)
      default:
        let hex = String(byte, radix: 16, uppercase: true)
        out += hex.count < 2 ? "%0\(hex)" : "%\(hex)"
      }
    }
    return .string(out)
  },
]

private func indentFilter(
  _ value: Value, _ arguments: CallArguments, _ renderer: Renderer
) throws(GraftError) -> Value {
  let indentation: String
  if case .string(let text) = arguments.value(0, "width") {
    indentation = text
  } else {
    let width = try arguments.int(0, "width", default: 4)
    guard width <= 1000 else { throw .wrongArgument("indent", "'width' is larger than 1000") }
    indentation = String(repeating: " ", count: max(0, width))
  }
  let indentsBlank = arguments.bool(2, "blank", default: false)
  var lines = (value.text + "\n").lines(keepingEnds: false)
  try renderer.charge(lines.count * indentation.utf8.count)
  for i in lines.indices.dropFirst() where indentsBlank || !lines[i].isEmpty {
    lines[i] = indentation + lines[i]
  }
  let text = lines.joined(separator: "\n")
  return .string(arguments.bool(1, "first", default: false) ? indentation + text : text)
}

private func truncateFilter(
  _ value: Value, _ arguments: CallArguments, _ renderer: Renderer
) throws(GraftError) -> Value {
  let text = Array(value.text.unicodeScalars)
  let length = try arguments.int(0, "length", default: 255)
  let end = try arguments.string(2, "end", default: "...")
  let leeway = try arguments.int(3, "leeway", default: 5)
  guard length >= end.unicodeScalars.count, leeway >= 0 else {
    throw .wrongArgument("truncate", "the length is less than that of the end")
  }
  guard text.count - leeway > length else { return value }
  let kept = length - end.unicodeScalars.count
  var prefix = text.prefix(kept)
  if !arguments.bool(1, "killwords", default: false),
    let space = prefix.lastIndex(of: " ")
  {
    prefix = prefix[..<space]
  }
  var out = String.UnicodeScalarView()
  out.append(contentsOf: prefix)
  return .string(String(out) + end)
}

private func escapeFilter(
  _ value: Value, _ arguments: CallArguments, _ renderer: Renderer
) throws(GraftError) -> Value {
  .markup(value.text.escapedForHTML)
}

extension String {
  /// The text with the signs of HTML written as entities.
  var escapedForHTML: String {
    var out = ""
    for scalar in unicodeScalars {
      switch scalar {
      case "&": out += "&amp;"
      case "<": out += "&lt;"
      case ">": out += "&gt;"
      case "'": out += "&#39;"
      case "\"": out += "&#34;"
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out
  }
}

/// Each word with a capital first letter, words being parted by space, hyphens and brackets.
private func titled(_ text: String) -> String {
  var out = ""
  var isStart = true
  for scalar in text.unicodeScalars {
    let isSeparator = isSpace(scalar) || "-({[<".unicodeScalars.contains(scalar)
    let character = String(scalar)
    out += isSeparator ? character : isStart ? character.uppercased() : character.lowercased()
    isStart = isSeparator
  }
  return out
}
