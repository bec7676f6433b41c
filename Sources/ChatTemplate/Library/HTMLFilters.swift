import Diagnostics

/// The filters that write HTML.
let htmlFilters: [String: FilterBody] = [
  "escape": escapeFilter,
  "e": escapeFilter,
  "forceescape": escapeFilter,
  "safe": { (value, _, _) throws(GraftError) in .markup(value.text) },
  "striptags": { (value, _, _) throws(GraftError) in
    let text = value.text.withoutTags.splitAtSpace(-1).joined(separator: " ")
    return .string(HTMLEntities.unescaped(text))
  },
  "xmlattr": { (value, arguments, _) throws(GraftError) in
    guard case .dictionary(let dictionary) = value else {
      throw .wrongArgument("xmlattr", "\(value.typeName) is no dictionary")
    }
    var parts: [String] = []
    for (key, value) in zip(dictionary.keys, dictionary.values) {
      switch value {
      case .none, .undefined: continue
      default: break
      }
      guard case .string(let name) = key.plain else {
        throw .wrongArgument("xmlattr", "a name is \(key.typeName), not text")
      }
      guard !name.unicodeScalars.contains(where: "\t\n\u{B}\u{C}\r />=".unicodeScalars.contains)
      else { throw .wrongArgument("xmlattr", "'\(name)' cannot be the name of an attribute") }
      parts.append("\(key.markup)=\"\(value.markup)\"")
    }
    let text = parts.joined(separator: " ")
    let isSpaced = arguments.bool(0, "autospace", default: true) && !text.isEmpty
    return .string(isSpaced ? " " + text : text)
  },
  "urlize": urlizeFilter,
]

private func escapeFilter(
  _ value: Value, _ arguments: CallArguments, _ renderer: Renderer
) throws(GraftError) -> Value {
  .markup(value.text.escapedForHTML)
}

private func urlizeFilter(
  _ value: Value, _ arguments: CallArguments, _ renderer: Renderer
) throws(GraftError) -> Value {
  var layout = LinkLayout()
  if let limit = arguments.value(0, "trim_url_limit"), !limit.isNone {
    layout.limit = try arguments.int(0, "trim_url_limit", default: 0)
  }
  var words = Set(try arguments.string(3, "rel", default: "").splitAtSpace(-1))
  if arguments.bool(1, "nofollow", default: false) { words.insert("nofollow") }
  words.insert("noopener")
  let sorted = words.sorted { $0.unicodeScalars.precedes($1.unicodeScalars) }
  layout.attributes = " rel=\"\(sorted.joined(separator: " ").escapedForHTML)\""
  if let target = arguments.value(2, "target"), target.isTrue {
    layout.attributes += " target=\"\(target.text.escapedForHTML)\""
  }
  if let schemes = arguments.value(4, "extra_schemes"), schemes.isTrue {
    for scheme in try schemes.elements(for: "urlize") {
      guard case .string(let text) = scheme.plain, text.isAddressScheme else {
        throw .wrongArgument("urlize", "'\(scheme.text)' is no scheme of addresses")
      }
      layout.schemes.append(text)
    }
  }
  let text = value.markup
  // Every address is written twice, with its attributes.
  let (length, overflow) = text.utf8.count.multipliedReportingOverflow(
    by: 2 + layout.attributes.utf8.count / 4 + 8)
  try renderer.charge(overflow ? .max / 2 : length)
  return .string(text.withLinks(layout))
}

extension Value {
  /// The text as it stands in HTML.
  var markup: String { if case .markup(let text) = self { text } else { text.escapedForHTML } }

  var isNone: Bool { if case .none = self { true } else { false } }
}

extension String {
  /// The text without tags and comments.
  fileprivate var withoutTags: String {
    let text = Array(utf8)
    var out: [UInt8] = []
    var start = 0
    while let open = text[start...].firstIndex(of: UInt8(ascii: "<")) {
      var end: Int?
      if text[open...].starts(with: "<!--".utf8) {
        end = firstRange(of: "-->", from: open + 4)?.upperBound
      } else {
        end = text[open...].firstIndex(of: UInt8(ascii: ">")).map { $0 + 1 }
      }
      guard let end else { break }
      out += text[start..<open]
      start = end
    }
    return String(decoding: out + text[start...], as: UTF8.self)
  }

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
