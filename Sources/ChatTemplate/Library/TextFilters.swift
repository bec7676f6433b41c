import Diagnostics

/// The filters on text.
let textFilters: [String: FilterBody] = [
  "string": { (value, _, _) throws(GraftError) in .string(value.text) },
  "upper": { (value, _, _) throws(GraftError) in .string(value.text.uppercased()) },
  "lower": { (value, _, _) throws(GraftError) in .string(value.text.pythonLowercased) },
  "capitalize": { (value, _, _) throws(GraftError) in .string(value.text.pythonCapitalized) },
  "title": { (value, _, _) throws(GraftError) in .string(titled(value.text)) },
  "trim": { (value, arguments, _) throws(GraftError) in
    let isGiven = arguments.value(0, "chars").map { !$0.isNone } ?? false
    let characters = try arguments.string(0, "chars", default: "")
    return .string(value.text.stripped(of: isGiven ? characters : nil, .both))
  },
  "replace": { (value, arguments, _) throws(GraftError) in
    let old = try arguments.required(0, "old").text
    let new = try arguments.required(1, "new").text
    let count = try arguments.int(2, "count", default: -1, orNone: true)
    return .string(try value.text.replacing(old, with: new, atMost: count))
  },
  "format": { (value, arguments, _) throws(GraftError) in
    if !arguments.keyword.isEmpty {
      var dictionary = TemplateDictionary()
      for (name, value) in arguments.keyword { dictionary.set(name, value) }
      guard arguments.positional.isEmpty else {
        throw .wrongArgument("format", "it takes arguments with names or without, not both")
      }
      return try value.formatted(.dictionary(dictionary))
    }
    return try value.formatted(.tuple(arguments.positional))
  },
  "indent": indentFilter,
  "center": { (value, arguments, _) throws(GraftError) in
    .string(try value.text.padded(to: arguments.int(0, "width", default: 80), .center))
  },
  "wordcount": { (value, _, _) throws(GraftError) in
    .int(value.text.unicodeScalars.split { !isWordPart($0) }.count)
  },
  "wordwrap": wordwrapFilter,
  "pprint": { (value, _, renderer) throws(GraftError) in
    let text = try PrettyPrinter.text(of: value)
    return .string(text)
  },
  "truncate": truncateFilter,
  "urlencode": { (value, _, _) throws(GraftError) in
    var pairs: [Value]?
    switch value {
    case .dictionary(let dictionary): pairs = dictionary.items
    case .string: break
    default: pairs = value.elements
    }
    guard let pairs else { return .string(value.text.urlEncoded(keeping: "/")) }
    var parts: [String] = []
    for pair in pairs {
      guard let items = pair.elements, items.count == 2 else {
        throw .wrongArgument("urlencode", "it needs pairs of names and values")
      }
      let texts = items.map { $0.text.urlEncoded(keeping: nil).spacesAsPlus }
      parts.append(texts.joined(separator: "="))
    }
    return .string(parts.joined(separator: "&"))
  },
]

extension String {
  fileprivate func urlEncoded(keeping kept: Unicode.Scalar?) -> String {
    var out = ""
    for byte in utf8 {
      let scalar = Unicode.Scalar(byte)
      switch scalar {
      case "a"..."z", "A"..."Z", "0"..."9", "_", ".", "-", "~": out.unicodeScalars.append(scalar)
      case _ where scalar == kept: out.unicodeScalars.append(scalar)
      default:
        let hex = String(byte, radix: 16, uppercase: true)
        out += hex.count < 2 ? "%0\(hex)" : "%\(hex)"
      }
    }
    return out
  }

  /// Encoded spaces as forms write them.
  fileprivate var spacesAsPlus: String {
    var parts: [String] = []
    var start = 0
    for range in ranges(of: "%20") {
      parts.append(bytes(start..<range.lowerBound))
      start = range.upperBound
    }
    return (parts + [dropping(start)]).joined(separator: "+")
  }
}

/// Whether a character belongs to a word: letters, digits and `_`.
func isWordPart(_ scalar: Unicode.Scalar) -> Bool {
  if scalar == "_" || scalar.properties.numericType != nil { return true }
  switch scalar.properties.generalCategory {
  case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
    return true
  default: return false
  }
}

private func wordwrapFilter(
  _ value: Value, _ arguments: CallArguments, _ renderer: Renderer
) throws(GraftError) -> Value {
  let width = try arguments.int(0, "width", default: 79)
  let separator = try arguments.string(2, "wrapstring", default: "\n")
  let wrapping = TextWrapping(
    width: width, breaksWords: arguments.bool(1, "break_long_words", default: true),
    breaksAtHyphens: arguments.bool(3, "break_on_hyphens", default: true))
  var lines: [String] = []
  for line in try value.requiredText("wordwrap").lines(keepingEnds: false) {
    guard width > 0 else { throw .wrongArgument("wordwrap", "the width must be above 0") }
    lines.append(wrapping.lines(of: line).joined(separator: separator))
  }
  try renderer.charge(lines.count * separator.utf8.count)
  return .string(lines.joined(separator: separator))
}

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
  var lines = (try value.requiredText("indent") + "\n").lines(keepingEnds: false)
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
  let length = try arguments.int(0, "length", default: 255)
  let end = try arguments.string(2, "end", default: "...")
  let leeway = try arguments.int(3, "leeway", default: 5, orNone: true)
  guard length >= end.unicodeScalars.count, leeway >= 0 else {
    throw .wrongArgument("truncate", "the length is less than that of the end")
  }
  // As in the reference, whatever has a length may be short enough.
  let count: Int? =
    switch value {
    case .undefined: 0
    case .list(let items), .tuple(let items): items.count
    case .dictionary(let dictionary): dictionary.keys.count
    case .view(let view): view.items.count
    default: nil
    }
  if let count, count - leeway <= length { return value }
  let text = Array(try value.requiredText("truncate").unicodeScalars)
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

extension Value {
  /// `text % arguments`, where the text stays marked as safe if it is.
  fileprivate func formatted(_ arguments: Value) throws(GraftError) -> Value {
    if case .markup(let text) = self {
      return .markup(try text.percentFormat(arguments.escapedForMarkup))
    }
    return .string(try text.percentFormat(arguments))
  }

  /// The text of a value that must be text.
  fileprivate func requiredText(_ filter: String) throws(GraftError) -> String {
    switch plain {
    case .string(let text): return text
    case .undefined(let what): throw .undefinedUse(what)
    default: throw .wrongArgument(filter, "\(typeName) is no text")
    }
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
