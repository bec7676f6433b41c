import Diagnostics

/// What a filter makes of a value.
typealias FilterBody =
  @Sendable (Value, CallArguments, Renderer) throws(GraftError) -> Value

/// All filters by name.
let filters: [String: FilterBody] = textFilters.merging(sequenceFilters) { first, _ in first }
  .merging(htmlFilters) { first, _ in first }.merging(otherFilters) { first, _ in first }

extension Renderer {
  func apply(
    _ name: String, to value: Value, _ arguments: CallArguments
  ) throws(GraftError) -> Value {
    guard let filter = filters[name] else {
      throw .unknown("filter", name, near: suggestion(for: name, among: filters.keys))
    }
    try filterParameters[name]?.check(arguments)
    if case .markup = value, name == "escape" || name == "e" { return value }
    // What writes HTML must know what is marked as safe.
    let isMarked = markupReaders.contains(name)
    let result = try charged(filter(isMarked ? value : value.plain, arguments, self))
    if case .markup = value, case .string(let text) = result, markupKeepers.contains(name) {
      return .markup(text)
    }
    return result
  }
}

/// The filters that see whether their input is marked as safe text.
private let markupReaders: Set = ["d", "default", "format", "last", "pprint", "urlize"]

/// The filters whose result is marked as safe text if their input is.
private let markupKeepers: Set = [
  "capitalize", "center", "indent", "lower", "reverse", "string", "trim", "truncate", "upper",
]

private let otherFilters: [String: FilterBody] = [
  "default": defaultFilter,
  "d": defaultFilter,
  "random": { (_, _, _) throws(GraftError) in throw .nondeterministic("filter 'random'") },
  "attr": { (value, arguments, renderer) throws(GraftError) in
    let name = try arguments.required(0, "name").text
    if case .dictionary = value, !renderer.methods(of: value).contains(name) {
      return .undefined("'\(name)' of a dict")
    }
    return try renderer.attribute(name, of: value)
  },
  "tojson": { (value, arguments, renderer) throws(GraftError) in
    let layout = try jsonLayout(arguments)
    // Each part stands on a line of its own, a few levels deep.
    let space =
      4 * (layout.indent?.utf8.count ?? 0) + layout.itemSeparator.utf8.count
      + layout.keySeparator.utf8.count
    let (length, overflow) = try value.weight(limit: Limits.valueLength, depth: 0)
      .multipliedReportingOverflow(by: 1 + space)
    try renderer.charge(overflow ? .max / 2 : length)
    return .string(try value.json(layout))
  },
  "int": { (value, arguments, _) throws(GraftError) in
    let fallback = arguments.value(0, "default") ?? .int(0)
    switch value {
    case .undefined(let what): throw .undefinedUse(what)
    case .bool, .int: return .int(value.integer ?? 0)
    case .double(let number):
      return Int(exactly: number.rounded(.towardZero)).map(Value.int) ?? fallback
    case .string(let text):
      let base = try arguments.int(1, "base", default: 10)
      if let number = text.pythonInteger(radix: base) { return .int(number) }
      if let number = text.pythonFloat, let number = Int(exactly: number.rounded(.towardZero)) {
        return .int(number)
      }
      return fallback
    default: return fallback
    }
  },
  "float": { (value, arguments, _) throws(GraftError) in
    let fallback = arguments.value(0, "default") ?? .double(0)
    if case .undefined(let what) = value { throw .undefinedUse(what) }
    if let number = value.number { return .double(number) }
    guard case .string(let text) = value else { return fallback }
    return text.pythonFloat.map(Value.double) ?? fallback
  },
  "filesizeformat": { (value, arguments, _) throws(GraftError) in
    guard let size = value.number ?? value.text.pythonFloat, size.isFinite else {
      throw .wrongArgument("filesizeformat", "\(value.typeName) is no number")
    }
    let isBinary = arguments.bool(0, "binary", default: false)
    let base = isBinary ? 1024.0 : 1000
    if size == 1 { return .string("1 Byte") }
    if size < base { return .string("\(Int(exactly: size.rounded(.towardZero)) ?? 0) Bytes") }
    var (unit, prefixes) = (base * base, Array("kMGTPEZY"))
    while size >= unit, prefixes.count > 1 {
      unit *= base
      prefixes.removeFirst()
    }
    let number = printed(base * size / unit, precision: 1, conversion: "f")
    let prefix = isBinary ? "\(prefixes[0].uppercased())i" : "\(prefixes[0])"
    return .string("\(number) \(prefix)B")
  },
  "abs": { (value, _, _) throws(GraftError) in
    switch value {
    case .double(let number): return .double(abs(number))
    default:
      guard let number = value.integer, number > .min else {
        throw .wrongArgument("abs", "\(value.typeName) is no number")
      }
      return .int(abs(number))
    }
  },
  "round": { (value, arguments, _) throws(GraftError) in
    guard let number = value.number else {
      throw .wrongArgument("round", "\(value.typeName) is no number")
    }
    if let precision = arguments.value(0, "precision"), precision.isNone,
      let rounded = Int(exactly: number.rounded(.toNearestOrEven))
    {
      return .int(rounded)
    }
    let digits = try arguments.int(0, "precision", default: 0)
    guard (-308...308).contains(digits) else {
      throw .wrongArgument("round", "the precision is too large")
    }
    let scale = raise(10, to: Double(digits))
    switch arguments.value(1, "method").map(\.text) ?? "common" {
    case "common": break
    // By way of an integer, which has no negative zero.
    case "ceil": return .double(((number * scale).rounded(.up) + 0) / scale)
    case "floor": return .double(((number * scale).rounded(.down) + 0) / scale)
    default: throw .wrongArgument("round", "'method' must be 'common', 'ceil' or 'floor'")
    }
    if let integer = value.integer {
      guard digits < 0 else { return .int(integer) }
      return .int(Int(exactly: (number * scale).rounded(.toNearestOrEven) / scale) ?? integer)
    }
    guard digits > 0, number.isFinite else {
      return .double((number * scale).rounded(.toNearestOrEven) / scale)
    }
    // By decimal digits, as Python does.
    return .double(Double(printed(number, precision: digits, conversion: "f")) ?? number)
  },
  "items": { (value, _, _) throws(GraftError) in
    switch value {
    case .undefined: return .iterator(ValueIterator([]))
    case .dictionary(let dictionary): return .iterator(ValueIterator(dictionary.items))
    default: throw .wrongArgument("items", "\(value.typeName) is no dictionary")
    }
  },
  "dictsort": { (value, arguments, _) throws(GraftError) in
    guard case .dictionary(let dictionary) = value else {
      throw .wrongArgument("dictsort", "\(value.typeName) is no dictionary")
    }
    let order = try arguments.string(1, "by", default: "key")
    guard order == "key" || order == "value" else {
      throw .wrongArgument("dictsort", "'by' must be 'key' or 'value'")
    }
    let isByValue = order == "value"
    return .list(
      try sorted(
        dictionary.items, isCaseSensitive: arguments.bool(0, "case_sensitive", default: false),
        isReversed: arguments.bool(2, "reverse", default: false)
      ) { $0.elements?[isByValue ? 1 : 0] ?? .none })
  },
]

private func defaultFilter(
  _ value: Value, _ arguments: CallArguments, _ renderer: Renderer
) throws(GraftError) -> Value {
  let countsFalse = arguments.bool(1, "boolean", default: false)
  guard value.isUndefined || (countsFalse && !value.isTrue) else { return value }
  return arguments.marked(0, "default_value") ?? .string("")
}

private func jsonLayout(_ arguments: CallArguments) throws(GraftError) -> JSONLayout {
  var layout = JSONLayout()
  layout.isASCII = arguments.bool(0, "ensure_ascii", default: false)
  switch arguments.value(1, "indent") {
  case nil, .some(.none): break
  case .some(.string(let indent)): layout.indent = indent
  case .some(let value):
    guard let width = value.integer, width <= 100 else {
      throw .wrongArgument("tojson", "'indent' must be a small integer")
    }
    layout.indent = String(repeating: " ", count: max(0, width))
  }
  if layout.indent != nil { layout.itemSeparator = "," }
  switch arguments.value(2, "separators") {
  case nil, .some(.none): break
  case .some(let value):
    guard let items = value.elements, items.count == 2, case .string(let item) = items[0],
      case .string(let key) = items[1]
    else { throw .wrongArgument("tojson", "'separators' must be two strings") }
    layout.itemSeparator = item
    layout.keySeparator = key
  }
  layout.sortsKeys = arguments.bool(3, "sort_keys", default: false)
  return layout
}

/// Sorts by a key, stably; strings without regard to case unless told otherwise.
func sorted(
  _ items: [Value], isCaseSensitive: Bool, isReversed: Bool,
  by key: (Value) throws(GraftError) -> Value
) throws(GraftError) -> [Value] {
  var keyed: [(key: Value, position: Int)] = []
  for (i, item) in items.enumerated() { keyed.append((try key(item).folded(isCaseSensitive), i)) }
  var failure: GraftError?
  keyed.sort { a, b in
    do throws(GraftError) {
      let (low, high) = isReversed ? (b, a) : (a, b)
      if try low.key.precedes(high.key) { return true }
      return try !high.key.precedes(low.key) && a.position < b.position
    } catch {
      failure = failure ?? error
      return a.position < b.position
    }
  }
  if let failure { throw failure }
  return keyed.map { items[$0.position] }
}

extension Value {
  /// The value to compare by: strings in lower case, unless case counts.
  func folded(_ isCaseSensitive: Bool) -> Value {
    guard !isCaseSensitive, case .string(let text) = self else { return self }
    return .string(text.pythonLowercased)
  }
}
