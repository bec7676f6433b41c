import Diagnostics

/// The filters on lists and other sequences.
let sequenceFilters: [String: FilterBody] = [
  "length": lengthFilter,
  "count": lengthFilter,
  "list": { (value, _, _) throws(GraftError) in .list(try value.elements(for: "list")) },
  "first": { (value, _, _) throws(GraftError) in
    if case .iterator(let iterator) = value {
      return iterator.next() ?? .undefined("the first item of nothing")
    }
    return try value.elements(for: "first").first ?? .undefined("the first item of nothing")
  },
  "last": { (value, _, _) throws(GraftError) in
    // The reference goes through text by positions here, which keeps its mark.
    let last = try value.elements(for: "last").last ?? .undefined("the last item of nothing")
    if case .markup = value, case .string(let text) = last { return .markup(text) }
    return last
  },
  "reverse": { (value, _, _) throws(GraftError) in
    if case .string(let text) = value {
      var view = String.UnicodeScalarView()
      view.append(contentsOf: text.unicodeScalars.reversed())
      return .string(String(view))
    }
    return .iterator(ValueIterator(try value.elements(for: "reverse").reversed()))
  },
  "join": { (value, arguments, renderer) throws(GraftError) in
    let separator = arguments.value(0, "d")?.text ?? ""
    var parts: [String] = []
    for item in try value.elements(for: "join") {
      let part = try member(arguments.value(1, "attribute"), of: item, renderer).text
      try renderer.charge(part.utf8.count + separator.utf8.count)
      parts.append(part)
    }
    return .string(parts.joined(separator: separator))
  },
  "map": { (value, arguments, renderer) throws(GraftError) in
    var items: [Value] = []
    for item in try value.isTrue ? value.elements(for: "map") : [] {
      if arguments.positional.isEmpty, let path = arguments.value(0, "attribute") {
        if let other = arguments.keyword.first(where: {
          !["attribute", "default"].contains($0.name)
        }) {
          throw .wrongArgument("map", "it has no parameter '\(other.name)'")
        }
        items.append(
          try member(path, of: item, renderer, default: arguments.keywordValue("default")))
      } else {
        let name = try arguments.required(0, "filter").text
        items.append(
          try renderer.apply(name, to: item, arguments.dropping(1, function: name)))
      }
    }
    return .iterator(ValueIterator(items))
  },
  "select": { (value, arguments, renderer) throws(GraftError) in
    try select(value, arguments, renderer, byMember: false, keeps: true)
  },
  "reject": { (value, arguments, renderer) throws(GraftError) in
    try select(value, arguments, renderer, byMember: false, keeps: false)
  },
  "selectattr": { (value, arguments, renderer) throws(GraftError) in
    try select(value, arguments, renderer, byMember: true, keeps: true)
  },
  "rejectattr": { (value, arguments, renderer) throws(GraftError) in
    try select(value, arguments, renderer, byMember: true, keeps: false)
  },
  "sort": { (value, arguments, renderer) throws(GraftError) in
    let isCaseSensitive = arguments.bool(1, "case_sensitive", default: false)
    let attribute = arguments.value(2, "attribute")
    var paths = [attribute]
    if case .string(let text) = attribute {
      paths = text.split(separator: ",").map { .string(String($0)) }
    }
    return .list(
      try sorted(
        value.elements(for: "sort"), isCaseSensitive: true,
        isReversed: arguments.bool(0, "reverse", default: false)
      ) { (item) throws(GraftError) in
        // A list even of one, so that what is equal need not have an order.
        var keys: [Value] = []
        for path in paths {
          keys.append(try member(path, of: item, renderer).folded(isCaseSensitive))
        }
        return .list(keys)
      })
  },
  "unique": { (value, arguments, renderer) throws(GraftError) in
    var seen: Set<ValueKey> = []
    var items: [Value] = []
    for item in try value.elements(for: "unique") {
      let key = try member(arguments.value(1, "attribute"), of: item, renderer)
        .folded(arguments.bool(0, "case_sensitive", default: false))
      guard let hashed = ValueKey(key) else {
        throw .templateFailure("unique: a \(key.typeName) has no hash")
      }
      if seen.insert(hashed).inserted { items.append(item) }
    }
    return .iterator(ValueIterator(items))
  },
  "sum": { (value, arguments, renderer) throws(GraftError) in
    var total = arguments.value(1, "start") ?? .int(0)
    for item in try value.elements(for: "sum") {
      total = try total.combine(.add, member(arguments.value(0, "attribute"), of: item, renderer))
    }
    return total
  },
  "min": { (value, arguments, renderer) throws(GraftError) in
    try extreme(value, arguments, renderer, isReversed: false)
  },
  "max": { (value, arguments, renderer) throws(GraftError) in
    try extreme(value, arguments, renderer, isReversed: true)
  },
  "groupby": { (value, arguments, renderer) throws(GraftError) in
    let path = try arguments.required(0, "attribute")
    func key(_ item: Value) throws(GraftError) -> Value {
      try member(path, of: item, renderer, default: arguments.value(1, "default"))
    }
    let isCaseSensitive = arguments.bool(2, "case_sensitive", default: false)
    var groups: [(key: Value, items: [Value])] = []
    let items = try sorted(
      value.elements(for: "groupby"), isCaseSensitive: isCaseSensitive, isReversed: false, by: key)
    for item in items {
      let found = try key(item)
      let isSame = groups.last?.key.folded(isCaseSensitive).equals(found.folded(isCaseSensitive))
      if isSame == true {
        groups[groups.count - 1].items.append(item)
      } else {
        groups.append((found, [item]))
      }
    }
    return .list(groups.map { .tuple([$0.key, .list($0.items)]) })
  },
  "slice": { (value, arguments, _) throws(GraftError) in
    let items = try value.elements(for: "slice")
    let count = try arguments.required(0, "slices").integer ?? 0
    guard count > 0, count <= Limits.rangeLength else {
      throw .wrongArgument("slice", "'slices' must be above 0")
    }
    let (size, longer) = items.count.quotientAndRemainder(dividingBy: count)
    var slices: [Value] = []
    var start = 0
    for i in 0..<count {
      let end = start + size + (i < longer ? 1 : 0)
      var slice = Array(items[start..<end])
      if i >= longer, let fill = arguments.value(1, "fill_with"), !fill.isNone {
        slice.append(fill)
      }
      slices.append(.list(slice))
      start = end
    }
    return .iterator(ValueIterator(slices))
  },
  "batch": { (value, arguments, renderer) throws(GraftError) in
    let size = try arguments.int(0, "linecount", default: 1)
    let items = try value.elements(for: "batch")
    guard size > 0, size <= Limits.rangeLength else {
      throw .wrongArgument("batch", "'linecount' must be above 0")
    }
    var batches: [Value] = []
    for start in stride(from: 0, to: items.count, by: size) {
      var batch = Array(items[start..<min(start + size, items.count)])
      if let fill = arguments.value(1, "fill_with"), !fill.isNone {
        batch += Array(repeating: fill, count: size - batch.count)
      }
      batches.append(.list(batch))
    }
    return .iterator(ValueIterator(batches))
  },
]

private func lengthFilter(
  _ value: Value, _ arguments: CallArguments, _ renderer: Renderer
) throws(GraftError) -> Value {
  guard let length = value.length else {
    throw .wrongArgument("length", "\(value.typeName) has no length")
  }
  return .int(length)
}

extension Value {
  /// What Python's `len` gives, or nil where there is none.
  var length: Int? {
    switch self {
    case .undefined: 0
    case .string(let text): text.unicodeScalars.count
    case .list(let items), .tuple(let items): items.count
    case .view(let view): view.items.count
    case .dictionary(let dictionary): dictionary.count
    case .loop(let loop): loop.items.count
    default: nil
    }
  }
}

/// The part of an item that a path such as `a.b.0` names; the item itself without one.
private func member(
  _ path: Value?, of item: Value, _ renderer: Renderer, default fallback: Value? = nil
) throws(GraftError) -> Value {
  var steps: [Value]
  switch path {
  case nil, .some(.none): steps = []
  case .some(.string(let path)):
    steps = path.split(separator: ".", omittingEmptySubsequences: false).map { name in
      let isNumber = name.utf8.allSatisfy { (48...57).contains($0) }
      return isNumber ? Int(name).map(Value.int) ?? .string(String(name)) : .string(String(name))
    }
  case .some(let index): steps = [index]
  }
  var value = item
  for step in steps {
    value = try renderer.item(step, of: value)
    // Each step may lead to nothing.
    if value.isUndefined, let fallback, !fallback.isNone { value = fallback }
  }
  return value
}

private func select(
  _ value: Value, _ arguments: CallArguments, _ renderer: Renderer, byMember: Bool, keeps: Bool
) throws(GraftError) -> Value {
  let first = byMember ? 1 : 0
  let path = byMember ? try arguments.required(0, "attribute") : nil
  let name = arguments.positional.count > first ? arguments.positional[first].text : nil
  var items: [Value] = []
  for item in try value.isTrue ? value.elements(for: arguments.function) : [] {
    try renderer.step()
    let found = try member(path, of: item, renderer)
    let holds =
      if let name {
        try renderer.test(name, found, arguments.dropping(first + 1, function: name))
      } else {
        found.isTrue
      }
    if holds == keeps { items.append(item) }
  }
  return .iterator(ValueIterator(items))
}

private func extreme(
  _ value: Value, _ arguments: CallArguments, _ renderer: Renderer, isReversed: Bool
) throws(GraftError) -> Value {
  try sorted(
    value.elements(for: arguments.function),
    isCaseSensitive: arguments.bool(0, "case_sensitive", default: false), isReversed: isReversed
  ) { (item) throws(GraftError) in
    try member(arguments.value(1, "attribute"), of: item, renderer)
  }.first ?? .undefined("the extreme of nothing")
}
