import Diagnostics

extension Renderer {
  /// A method of Python's strings.
  func callMethod(
    _ name: String, of text: String, _ arguments: CallArguments
  ) throws(GraftError) -> Value {
    switch name {
    case "upper": return .string(text.uppercased())
    case "lower": return .string(text.pythonLowercased)
    case "casefold": return .string(try text.replacing("ß", with: "ss", atMost: -1).lowercased())
    case "expandtabs":
      return .string(try text.expandingTabs(arguments.int(0, "tabsize", default: 8)))
    case "format_map":
      var named = CallArguments(function: name)
      if case .dictionary(let values) = try arguments.required(0, "mapping") {
        for (key, value) in zip(values.keys, values.values) {
          named.keyword.append((key.text, value))
        }
      }
      return .string(try text.braceFormat(named, self))
    case "encode": throw .noBytes(name)
    case "translate": return .string(try text.translated(by: arguments.required(0, "table")))
    case "maketrans": return try translation(arguments)
    case "capitalize": return .string(text.pythonCapitalized)
    case "title": return .string(text.pythonTitled)
    case "swapcase":
      return .string(
        text.unicodeScalars.map {
          $0.properties.isUppercase ? String($0).lowercased() : String($0).uppercased()
        }.joined())
    case "strip", "lstrip", "rstrip":
      let side: StripSide = name == "strip" ? .both : name == "lstrip" ? .left : .right
      let isGiven = arguments.value(0, "chars").map { !$0.isNone } ?? false
      let set = isGiven ? try arguments.requiredString(0, "chars") : nil
      return .string(text.stripped(of: set, side))
    case "startswith", "endswith": return .bool(try touches(name, text, arguments))
    case "removeprefix":
      let part = try arguments.requiredString(0, "prefix")
      return .string(text.utf8.starts(with: part.utf8) ? text.dropping(part.utf8.count) : text)
    case "removesuffix":
      let part = try arguments.requiredString(0, "suffix")
      let isSuffix = !part.isEmpty && text.utf8.reversed().starts(with: part.utf8.reversed())
      return .string(isSuffix ? text.bytes(0..<(text.utf8.count - part.utf8.count)) : text)
    case "replace":
      return .string(
        try text.replacing(
          arguments.requiredString(0, "old"), with: arguments.requiredString(1, "new"),
          atMost: arguments.int(2, "count", default: -1)))
    case "split", "rsplit", "splitlines", "partition", "rpartition", "join":
      return try split(name, text, arguments)
    case "find", "rfind", "index", "rindex", "count": return try search(name, text, arguments)
    case "format": return .string(try text.braceFormat(arguments, self))
    case "center", "ljust", "rjust":
      let side: PadSide = name == "center" ? .center : name == "ljust" ? .left : .right
      let fill = try arguments.string(1, "fillchar", default: " ")
      return .string(try text.padded(to: arguments.int(0, "width", default: 0), side, fill))
    case "zfill":
      let width = max(0, try arguments.int(0, "width", default: 0))
      guard text.hasPrefix("-") || text.hasPrefix("+") else {
        return .string(try text.padded(to: width, .right, "0"))
      }
      return .string(
        String(text.prefix(1))
          + (try String(text.dropFirst()).padded(to: max(0, width - 1), .right, "0")))
    default: return .bool(text.isAll(name))
    }
  }

  private func touches(
    _ name: String, _ text: String, _ arguments: CallArguments
  ) throws(GraftError) -> Bool {
    let part = try arguments.required(0, "prefix")
    var parts = [part]
    if case .tuple(let items) = part { parts = items }
    var text = text
    if arguments.positional.count > 1 {
      let start = try arguments.int(1, "start", default: 0, orNone: true)
      if start > text.unicodeScalars.count { return false }
      text = try self.part(of: text, arguments).text
    }
    for part in parts {
      guard case .string(let part) = part.plain else {
        throw .wrongArgument(name, "a string is needed, not \(part.typeName)")
      }
      let holds =
        name == "startswith"
        ? text.utf8.starts(with: part.utf8)
        : text.utf8.reversed().starts(with: part.utf8.reversed())
      if holds { return true }
    }
    return false
  }

  private func split(
    _ name: String, _ text: String, _ arguments: CallArguments
  ) throws(GraftError) -> Value {
    switch name {
    case "join":
      var parts: [String] = []
      for item in try arguments.required(0, "iterable").elements(for: name) {
        guard case .string(let part) = item.plain else {
          throw .wrongArgument(name, "a string is needed, not \(item.typeName)")
        }
        try charge(part.utf8.count + text.utf8.count)
        parts.append(part)
      }
      return .string(parts.joined(separator: text))
    case "splitlines":
      let lines = text.lines(keepingEnds: arguments.bool(0, "keepends", default: false))
      return .list(lines.map(Value.string))
    case "partition", "rpartition":
      let separator = try arguments.requiredString(0, "sep")
      guard !separator.isEmpty else { throw .wrongArgument(name, "the separator is empty") }
      let ranges = text.ranges(of: separator)
      guard let range = name == "partition" ? ranges.first : ranges.last else {
        let parts = name == "partition" ? [text, "", ""] : ["", "", text]
        return .tuple(parts.map(Value.string))
      }
      return .tuple([
        .string(text.bytes(0..<range.lowerBound)), .string(separator),
        .string(text.dropping(range.upperBound)),
      ])
    default:
      let limit = try arguments.int(1, "maxsplit", default: -1)
      guard let given = arguments.value(0, "sep"), !given.isNone else {
        let words = name == "split" ? text.splitAtSpace(limit) : text.splitAtSpaceFromEnd(limit)
        return .list(words.map(Value.string))
      }
      let separator = try arguments.requiredString(0, "sep")
      guard !separator.isEmpty else { throw .wrongArgument(name, "the separator is empty") }
      var ranges = text.ranges(of: separator)
      if limit >= 0 {
        ranges = Array(name == "split" ? ranges.prefix(limit) : ranges.suffix(limit))
      }
      var parts: [Value] = []
      var start = 0
      for range in ranges {
        parts.append(.string(text.bytes(start..<range.lowerBound)))
        start = range.upperBound
      }
      parts.append(.string(text.dropping(start)))
      return .list(parts)
    }
  }

  private func search(
    _ name: String, _ text: String, _ arguments: CallArguments
  ) throws(GraftError) -> Value {
    guard case .string(let part) = try arguments.required(0, "sub") else {
      throw .wrongArgument(name, "a string is needed")
    }
    let characters = text.unicodeScalars.count
    // Even nothing is not found behind the end.
    if try arguments.int(1, "start", default: 0, orNone: true) > characters {
      if name.hasSuffix("index") { throw .wrongArgument(name, "the text is not found") }
      return .int(name == "count" ? 0 : -1)
    }
    let (text, skipped) = try self.part(of: text, arguments)
    let ranges = text.ranges(of: part)
    if name == "count" {
      return .int(part.isEmpty ? text.unicodeScalars.count + 1 : ranges.count)
    }
    let isFirst = name == "find" || name == "index"
    let empty = isFirst ? 0 : text.utf8.count
    let last = isFirst ? nil : text.lastPlace(of: part)
    let found = part.isEmpty ? empty : isFirst ? ranges.first?.lowerBound : last
    guard let found else {
      if name.hasSuffix("index") { throw .wrongArgument(name, "the text is not found") }
      return .int(-1)
    }
    return .int(skipped + text.bytes(0..<found).unicodeScalars.count)
  }

  /// The part of a text that the second and third argument bound, and the characters before it.
  private func part(
    of text: String, _ arguments: CallArguments
  ) throws(GraftError) -> (text: String, skipped: Int) {
    guard arguments.positional.count > 1 else { return (text, 0) }
    let scalars = Array(text.unicodeScalars)
    func bound(_ value: Int) -> Int {
      min(max(value < 0 ? value + scalars.count : value, 0), scalars.count)
    }
    let start = bound(try arguments.int(1, "start", default: 0, orNone: true))
    let end = max(start, bound(try arguments.int(2, "end", default: scalars.count, orNone: true)))
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars[start..<end])
    return (String(view), start)
  }
}
