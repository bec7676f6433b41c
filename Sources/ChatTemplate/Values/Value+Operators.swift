import Diagnostics

extension Value {
  /// The number, if this is one; truth values count.
  var number: Double? {
    switch self {
    case .bool(let value): value ? 1 : 0
    case .int(let value): Double(value)
    case .double(let value): value
    default: nil
    }
  }

  /// The integer, if this is one; truth values count.
  var integer: Int? {
    switch self {
    case .bool(let value): value ? 1 : 0
    case .int(let value): value
    default: nil
    }
  }

  /// `==`
  func equals(_ other: Value) -> Bool {
    if let a = integer, let b = other.integer { return a == b }
    if let a = number, let b = other.number { return a == b }
    switch (plain, other.plain) {
    case (.undefined, .undefined), (.none, .none): return true
    case (.string(let a), .string(let b)): return a.utf8.elementsEqual(b.utf8)
    case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)):
      return a.count == b.count && zip(a, b).allSatisfy { $0.equals($1) }
    case (.dictionary(let a), .dictionary(let b)):
      return a.count == b.count
        && zip(a.keys, a.values).allSatisfy { key, value in
          ValueKey(key).flatMap { b[$0] }?.equals(value) == true
        }
    case (.view(let a), .view(let b)):
      return a.isSequence == b.isSequence && Value.list(a.items).equals(.list(b.items))
    case (.namespace(let a), .namespace(let b)): return a === b
    case (.macro(let a), .macro(let b)): return a === b
    case (.loop(let a), .loop(let b)): return a === b
    case (.iterator(let a), .iterator(let b)): return a === b
    case (.function(let a), .function(let b)): return a == b
    default: return false
    }
  }

  /// `<`
  func precedes(_ other: Value) throws(GraftError) -> Bool {
    if let a = integer, let b = other.integer { return a < b }
    if let a = number, let b = other.number { return a < b }
    switch (plain, other.plain) {
    case (.string(let a), .string(let b)): return a.unicodeScalars.precedes(b.unicodeScalars)
    case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)):
      for (x, y) in zip(a, b) where !x.equals(y) { return try x.precedes(y) }
      return a.count < b.count
    default: throw .wrongOperands("a comparison", typeName, other.typeName)
    }
  }

  /// `item in self`
  func contains(_ item: Value) throws(GraftError) -> Bool {
    switch plain {
    case .string(let text):
      guard case .string(let part) = item.plain else {
        throw .wrongOperands("'in'", item.typeName, typeName)
      }
      return text.firstRange(of: part) != nil
    case .list(let items), .tuple(let items): return items.contains { $0.equals(item) }
    case .view(let view): return view.items.contains { $0.equals(item) }
    case .dictionary(let dictionary):
      if let key = ValueKey(item) { return dictionary[key] != nil }
      switch item {
      case .list, .tuple, .dictionary:
        throw .templateFailure("a value of type \(item.typeName) cannot be a key")
      default: return false
      }
    case .iterator(let iterator):
      while let next = iterator.next() { if next.equals(item) { return true } }
      return false
    case .undefined: return false
    default: throw .wrongOperands("'in'", item.typeName, typeName)
    }
  }

  func compare(_ operation: ComparisonOperator, _ other: Value) throws(GraftError) -> Bool {
    switch operation {
    case .equal: return equals(other)
    case .notEqual: return !equals(other)
    case .less: return try precedes(other)
    case .greater: return try other.precedes(self)
    case .lessOrEqual: return try isAtMost(other)
    case .greaterOrEqual: return try other.isAtMost(self)
    case .isIn: return try other.contains(self)
    case .isNotIn: return try !other.contains(self)
    }
  }

  private func isAtMost(_ other: Value) throws(GraftError) -> Bool {
    if let a = number, let b = other.number { return a <= b }
    return try precedes(other) || equals(other)
  }

  /// Arithmetic, and what Python makes of the operators on strings and lists.
  func combine(_ operation: BinaryOperator, _ other: Value) throws(GraftError) -> Value {
    if let a = integer, let b = other.integer { return try Self.combine(operation, a, b) }
    if let a = number, let b = other.number { return try Self.combine(operation, a, b) }
    switch (operation, self, other) {
    case (.multiply, .markup(let text), _), (.multiply, _, .markup(let text)):
      let other = other.integer == nil ? self : other
      return .markup(try Value.string(text).combine(.multiply, other).text)
    case (.remainder, .markup(let format), _):
      return .markup(try format.percentFormat(other.escapedForMarkup))
    case (.add, .string(let a), .string(let b)): return .string(a + b)
    case (.add, .markup(let a), .markup(let b)): return .markup(a + b)
    case (.add, .markup(let a), .string(let b)): return .markup(a + b.escapedForHTML)
    case (.add, .string(let a), .markup(let b)): return .markup(a.escapedForHTML + b)
    case (.add, .list(let a), .list(let b)): return .list(a + b)
    case (.add, .tuple(let a), .tuple(let b)): return .tuple(a + b)
    case (.multiply, .string, _), (.multiply, .list, _), (.multiply, .tuple, _):
      if let count = other.integer { return try repeated(count) }
    case (.multiply, _, .string), (.multiply, _, .list), (.multiply, _, .tuple):
      if let count = integer { return try other.repeated(count) }
    case (.remainder, .string(let format), _): return .string(try format.percentFormat(other))
    case (_, .undefined(let what), _), (_, _, .undefined(let what)): throw .undefinedUse(what)
    default: break
    }
    throw .wrongOperands("'\(operation.rawValue)'", typeName, other.typeName)
  }

  private func repeated(_ count: Int) throws(GraftError) -> Value {
    let count = max(0, count)
    func check(_ length: Int) throws(GraftError) {
      guard length.multipliedReportingOverflow(by: count).partialValue <= Limits.valueLength,
        !length.multipliedReportingOverflow(by: count).overflow
      else { throw .templateLimit("a value would be longer than \(Limits.valueLength)") }
    }
    switch self {
    case .string(let text):
      try check(text.utf8.count)
      return .string(String(repeating: text, count: count))
    case .list(let items):
      try check(items.count)
      return .list(Array(repeatElement(items, count: count).joined()))
    case .tuple(let items):
      try check(items.count)
      return .tuple(Array(repeatElement(items, count: count).joined()))
    default: return self
    }
  }

  private static func combine(
    _ operation: BinaryOperator, _ a: Int, _ b: Int
  ) throws(GraftError) -> Value {
    let result: (partialValue: Int, overflow: Bool)
    switch operation {
    case .add: result = a.addingReportingOverflow(b)
    case .subtract: result = a.subtractingReportingOverflow(b)
    case .multiply: result = a.multipliedReportingOverflow(by: b)
    case .divide:
      guard b != 0 else { throw .templateFailure("a division by zero") }
      return .double(Double(a) / Double(b))
    case .floorDivide, .remainder:
      guard b != 0 else { throw .templateFailure("a division by zero") }
      guard !(a == .min && b == -1) else { throw .templateFailure("an integer overflows") }
      let rest = a % b
      let isBelow = rest != 0 && (rest < 0) != (b < 0)
      if operation == .remainder { return .int(isBelow ? rest + b : rest) }
      return .int(a / b - (isBelow ? 1 : 0))
    case .power:
      guard b >= 0 else { return try combine(.power, Double(a), Double(b)) }
      var power = 1
      // Beyond 1 and -1, 64 factors overflow.
      let factors = (-1...1).contains(a) ? b % 2 + (b > 0 ? 2 : 0) : b
      for _ in 0..<factors {
        let product = power.multipliedReportingOverflow(by: a)
        guard !product.overflow else { throw .templateFailure("an integer overflows") }
        power = product.partialValue
      }
      return .int(power)
    }
    guard !result.overflow else { throw .templateFailure("an integer overflows") }
    return .int(result.partialValue)
  }

  private static func combine(
    _ operation: BinaryOperator, _ a: Double, _ b: Double
  ) throws(GraftError) -> Value {
    switch operation {
    case .add: return .double(a + b)
    case .subtract: return .double(a - b)
    case .multiply: return .double(a * b)
    case .divide, .floorDivide, .remainder:
      guard b != 0 else { throw .templateFailure("a division by zero") }
      if operation == .divide { return .double(a / b) }
      let floor = (a / b).rounded(.down)
      return .double(operation == .floorDivide ? floor : a - floor * b)
    case .power:
      guard a != 0 || b >= 0 else { throw .templateFailure("zero has no negative power") }
      guard a >= 0 || b == b.rounded() else {
        throw .templateFailure("the root of a negative number is not real")
      }
      return .double(raise(a, to: b))
    }
  }

  /// The values that a loop goes through, or nil where there are none to go through.
  var elements: [Value]? {
    switch plain {
    case .list(let items), .tuple(let items): items
    case .view(let view): view.items
    case .string(let text): text.unicodeScalars.map { .string(String($0)) }
    case .dictionary(let dictionary): dictionary.keys
    case .iterator(let iterator): iterator.takeAll()
    case .undefined: []
    default: nil
    }
  }

  /// The values that `function` goes through.
  func elements(for function: String) throws(GraftError) -> [Value] {
    guard let elements else { throw .wrongArgument(function, "\(typeName) is no sequence") }
    return elements
  }
}

extension Value {
  /// The value with its texts escaped, unless they are marked as safe.
  var escapedForMarkup: Value {
    switch self {
    case .string(let text): .markup(text.escapedForHTML)
    case .tuple(let items): .tuple(items.map(\.escapedForMarkup))
    case .dictionary(let dictionary): .dictionary(dictionary.mapped(\.escapedForMarkup))
    case .list, .none, .view: .markup(text.escapedForHTML)
    default: self
    }
  }
}

extension String {
  /// Where `part` first is, compared by code points, as byte offsets.
  func firstRange(of part: String, from start: Int = 0) -> Range<Int>? {
    let text = Array(utf8)
    let part = Array(part.utf8)
    guard start <= text.count, part.count <= text.count - start else { return nil }
    if part.isEmpty { return start..<start }
    for i in start...(text.count - part.count)
    where text[i] == part[0] && text[i..<(i + part.count)].elementsEqual(part) {
      return i..<(i + part.count)
    }
    return nil
  }
}
