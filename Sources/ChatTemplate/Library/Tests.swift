import Diagnostics

/// Whether a value passes a test.
typealias TestBody = @Sendable (Value, CallArguments, Renderer) throws(GraftError) -> Bool

/// The names of all tests.
let testNames = Set(typeTests.keys).union(valueTests.keys).union(comparisonTests.keys)
  .union(["escaped"])

extension Renderer {
  func test(
    _ name: String, _ value: Value, _ arguments: CallArguments
  ) throws(GraftError) -> Bool {
    guard testNames.contains(name) else {
      throw .unknown("test", name, near: suggestion(for: name, among: testNames))
    }
    try (testParameters[name] ?? "").check(arguments)
    if name == "escaped" { if case .markup = value { return true } else { return false } }
    let value = value.plain
    if let operation = comparisonTests[name] {
      return try value.compare(operation, arguments.required(0, "other"))
    }
    guard let test = typeTests[name] ?? valueTests[name] else {
      throw .unknown("test", name, near: suggestion(for: name, among: testNames))
    }
    return try test(value, arguments, self)
  }
}

private let typeTests: [String: TestBody] = [
  "defined": { (value, _, _) throws(GraftError) in !value.isUndefined },
  "undefined": { (value, _, _) throws(GraftError) in value.isUndefined },
  "none": { (value, _, _) throws(GraftError) in if case .none = value { true } else { false } },
  "boolean": { (value, _, _) throws(GraftError) in if case .bool = value { true } else { false } },
  "true": { (value, _, _) throws(GraftError) in
    if case .bool(true) = value { true } else { false }
  },
  "false": { (value, _, _) throws(GraftError) in
    if case .bool(false) = value { true } else { false }
  },
  "integer": { (value, _, _) throws(GraftError) in if case .int = value { true } else { false } },
  "float": { (value, _, _) throws(GraftError) in if case .double = value { true } else { false } },
  "number": { (value, _, _) throws(GraftError) in value.number != nil },
  "string": { (value, _, _) throws(GraftError) in
    if case .string = value { true } else { false }
  },
  "mapping": { (value, _, _) throws(GraftError) in
    if case .dictionary = value { true } else { false }
  },
  "iterable": { (value, _, _) throws(GraftError) in
    switch value {
    case .undefined, .string, .list, .tuple, .dictionary, .iterator, .view, .loop: true
    default: false
    }
  },
  "sequence": { (value, _, _) throws(GraftError) in
    switch value {
    case .undefined, .string, .list, .tuple, .dictionary: true
    case .view(let view): view.isSequence
    default: false
    }
  },
  "callable": { (value, _, _) throws(GraftError) in
    switch value {
    case .macro, .function, .method, .helper, .loop, .undefined: true
    default: false
    }
  },
  "test": { (value, _, _) throws(GraftError) in testNames.contains(value.text) },
  "filter": { (value, _, _) throws(GraftError) in filters[value.text] != nil },
]

private let valueTests: [String: TestBody] = [
  // Text has remainders too: it is a format.
  "odd": { (value, _, _) throws(GraftError) in
    try value.combine(.remainder, .int(2)).equals(.int(1))
  },
  "even": { (value, _, _) throws(GraftError) in
    try value.combine(.remainder, .int(2)).equals(.int(0))
  },
  "divisibleby": { (value, arguments, _) throws(GraftError) in
    try value.combine(.remainder, arguments.required(0, "num")).equals(.int(0))
  },
  "lower": { (value, _, _) throws(GraftError) in value.text.isCased(.lower) },
  "upper": { (value, _, _) throws(GraftError) in value.text.isCased(.upper) },
  "in": { (value, arguments, _) throws(GraftError) in
    try arguments.required(0, "seq").contains(value)
  },
  "sameas": { (value, arguments, _) throws(GraftError) in
    let other = try arguments.required(0, "other")
    return value.typeName == other.typeName && value.equals(other)
  },
]

private let comparisonTests: [String: ComparisonOperator] = [
  "eq": .equal, "equalto": .equal, "==": .equal, "ne": .notEqual, "!=": .notEqual,
  "lt": .less, "lessthan": .less, "<": .less, "le": .lessOrEqual, "<=": .lessOrEqual,
  "gt": .greater, "greaterthan": .greater, ">": .greater, "ge": .greaterOrEqual,
  ">=": .greaterOrEqual,
]
