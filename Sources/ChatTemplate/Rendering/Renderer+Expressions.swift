import Diagnostics

extension Renderer {
  /// Evaluates an expression.
  ///
  /// - Parameter filtered: in a filter block, the text that the first filter gets.
  func evaluate(
    _ expression: Expression, _ scope: Scope, filtered: Value? = nil
  ) throws(GraftError) -> Value {
    try step()
    switch expression {
    case .none: return .none
    case .bool(let value): return .bool(value)
    case .integer(let value): return .int(value)
    case .float(let value): return .double(value)
    case .string(let value): return .string(value)
    case .name(let name):
      if let value = scope.find(name) { return value }
      return globalFunctions.contains(name) ? .function(name) : .undefined("'\(name)'")
    case .list(let items): return try charged(.list(evaluate(items, scope)))
    case .tuple(let items): return try charged(.tuple(evaluate(items, scope)))
    case .dictionary(let items): return try charged(evaluateDictionary(items, scope))
    case .attribute(let object, let name):
      return try attribute(name, of: evaluate(object, scope))
    case .item(let object, let index):
      return try item(evaluate(index, scope), of: evaluate(object, scope))
    case .slice(let object, let from, let to, let by):
      return try slice(object, from, to, by, scope)
    case .call: return try evaluateCall(expression, scope, caller: nil)
    case .filter(let input, let name, let arguments):
      let value = try input.map { (input) throws(GraftError) in
        try evaluate(input, scope, filtered: filtered)
      }
      return try apply(name, to: value ?? filtered ?? .none, evaluate(arguments, name, scope))
    case .test(let value, let name, let arguments):
      return .bool(
        try test(name, evaluate(value, scope), evaluate(arguments, name, scope)))
    case .not(let value): return .bool(!(try evaluate(value, scope).isTrue))
    case .negative(let value):
      let value = try evaluate(value, scope)
      if case .undefined(let what) = value { throw .undefinedUse(what) }
      guard value.number != nil else { throw .wrongOperands("'-'", "nothing", value.typeName) }
      if case .double(let number) = value { return .double(-number) }
      return try value.combine(.multiply, .int(-1))
    case .positive(let value):
      let value = try evaluate(value, scope)
      guard value.number != nil else { throw .wrongOperands("'+'", "nothing", value.typeName) }
      return value.integer.map(Value.int) ?? value
    case .binary(let operation, let left, let right):
      let left = try evaluate(left, scope)
      return try charged(left.combine(operation, evaluate(right, scope)))
    case .comparison(let first, let operands):
      var left = try evaluate(first, scope)
      for (operation, operand) in operands {
        let right = try evaluate(operand, scope)
        guard try left.compare(operation, right) else { return .bool(false) }
        left = right
      }
      return .bool(true)
    case .and(let left, let right):
      let left = try evaluate(left, scope)
      return left.isTrue ? try evaluate(right, scope) : left
    case .or(let left, let right):
      let left = try evaluate(left, scope)
      return left.isTrue ? left : try evaluate(right, scope)
    case .concatenation(let parts):
      var text = ""
      for part in parts { text += try evaluate(part, scope).text }
      return try charged(.string(text))
    case .conditional(let condition, let then, let otherwise):
      if try evaluate(condition, scope).isTrue { return try evaluate(then, scope) }
      guard let otherwise else { return .undefined("the value of an 'if' without 'else'") }
      return try evaluate(otherwise, scope)
    }
  }

  private func evaluate(
    _ expressions: [Expression], _ scope: Scope
  ) throws(GraftError) -> [Value] {
    var values: [Value] = []
    for expression in expressions { values.append(try evaluate(expression, scope)) }
    return values
  }

  private func evaluateDictionary(
    _ items: [(key: Expression, value: Expression)], _ scope: Scope
  ) throws(GraftError) -> Value {
    var dictionary = TemplateDictionary()
    for item in items {
      let key = try evaluate(item.key, scope)
      guard let hashed = ValueKey(key) else {
        throw .templateFailure("a value of type \(key.typeName) cannot be a key")
      }
      dictionary.set(key, hashed, try evaluate(item.value, scope))
    }
    return .dictionary(dictionary)
  }

  func evaluate(
    _ arguments: Arguments, _ function: String, _ scope: Scope
  ) throws(GraftError) -> CallArguments {
    var result = CallArguments(function: function)
    result.positional = try evaluate(arguments.positional, scope)
    for (name, value) in arguments.keyword {
      result.keyword.append((name, try evaluate(value, scope)))
    }
    if let spread = arguments.spread {
      result.positional += try evaluate(spread, scope).elements(for: function)
    }
    if let spread = arguments.keywordSpread {
      guard case .dictionary(let dictionary) = try evaluate(spread, scope) else {
        throw .wrongArgument(function, "what follows '**' is no dictionary")
      }
      for (key, value) in zip(dictionary.keys, dictionary.values) {
        result.keyword.append((key.text, value))
      }
    }
    return result
  }

  // MARK: - Parts of values

  /// `object.name`: a method or a property, else an item.
  func attribute(_ name: String, of object: Value) throws(GraftError) -> Value {
    switch object {
    case .undefined(let what): throw .undefinedUse(what)
    case .namespace(let namespace): return namespace.values[name] ?? missing(name, object)
    case .loop(let loop): return loop.property(name) ?? missing(name, object)
    case .macro(let macro) where name == "name": return .string(macro.definition.name)
    // The pairs of `groupby` have names.
    case .tuple(let items) where items.count == 2 && (name == "grouper" || name == "list"):
      return items[name == "list" ? 1 : 0]
    case .helper(let helper): return helper.property(name) ?? missing(name, object)
    case .function("dict") where name == "fromkeys": return .method(object, name)
    default: break
    }
    if let property = object.property(name) { return property }
    if methods(of: object.plain).contains(name) { return .method(object, name) }
    if case .dictionary(let dictionary) = object, let value = dictionary[name] { return value }
    return missing(name, object)
  }

  private func missing(_ name: String, _ object: Value) -> Value {
    .undefined("'\(name)' of a \(object.typeName)")
  }

  /// `object[index]`: an item, else a method or a property.
  func item(_ index: Value, of object: Value) throws(GraftError) -> Value {
    if case .markup(let text) = object, index.integer != nil {
      let item = try item(index, of: .string(text))
      return if case .string(let text) = item { .markup(text) } else { item }
    }
    let (index, object) = (index.plain, object.plain)
    switch object {
    case .undefined(let what): throw .undefinedUse(what)
    case .dictionary(let dictionary):
      if let key = ValueKey(index), let value = dictionary[key] { return value }
    case .list(let items), .tuple(let items):
      if let position = index.integer.flatMap({ Self.position($0, items.count) }) {
        return items[position]
      }
    case .view(let view) where view.isSequence:
      if let position = index.integer.flatMap({ Self.position($0, view.items.count) }) {
        return view.items[position]
      }
    case .string(let text):
      if let index = index.integer {
        let scalars = Array(text.unicodeScalars)
        guard let position = Self.position(index, scalars.count) else { break }
        return .string(String(scalars[position]))
      }
    default: break
    }
    if case .string(let name) = index {
      if methods(of: object).contains(name) { return .method(object, name) }
      switch object {
      case .namespace, .loop: return try attribute(name, of: object)
      default: break
      }
    }
    return missing(index.text, object)
  }

  private static func position(_ index: Int, _ count: Int) -> Int? {
    let position = index < 0 ? index + count : index
    return position >= 0 && position < count ? position : nil
  }

  private func slice(
    _ object: Expression, _ from: Expression?, _ to: Expression?, _ by: Expression?, _ scope: Scope
  ) throws(GraftError) -> Value {
    let object = try evaluate(object, scope)
    func bound(_ expression: Expression?) throws(GraftError) -> Int? {
      guard let expression else { return nil }
      let value = try evaluate(expression, scope)
      if case .none = value { return nil }
      guard let integer = value.integer else {
        throw .wrongArgument("a slice", "its bounds must be integers, one is \(value.typeName)")
      }
      return integer
    }
    let (from, to, by) = (try bound(from), try bound(to), try bound(by) ?? 1)
    guard by != 0 else { throw .wrongArgument("a slice", "the step is zero") }
    switch object.plain {
    case .list(let items): return try charged(.list(Self.slice(items, from, to, by)))
    case .tuple(let items): return try charged(.tuple(Self.slice(items, from, to, by)))
    case .view(let view):
      guard case .range(let start, let end, let step) = view.kind else {
        throw .templateFailure("a dict view has no slices")
      }
      let items = Self.slice(view.items, from, to, by)
      let (first, last) = (items.first?.integer ?? start, items.last?.integer ?? end)
      return .view(
        SequenceView(
          kind: .range(start: first, end: last + (items.isEmpty ? 0 : step * by), step: step * by),
          items: items))
    case .string(let text):
      var view = String.UnicodeScalarView()
      view.append(contentsOf: Self.slice(Array(text.unicodeScalars), from, to, by))
      if case .markup = object { return try charged(.markup(String(view))) }
      return try charged(.string(String(view)))
    case .undefined(let what): throw .undefinedUse(what)
    default:
      // The reference works out constant output by other rules, which make nothing of this.
      if currentOutput?.isConstant == true { return .undefined("a slice of a \(object.typeName)") }
      throw .templateFailure("a \(object.typeName) has no slices")
    }
  }

  private static func slice<T>(_ items: [T], _ from: Int?, _ to: Int?, _ by: Int) -> [T] {
    let count = items.count
    func clamp(_ bound: Int, _ low: Int, _ high: Int) -> Int {
      let (sum, _) = bound.addingReportingOverflow(bound < 0 ? count : 0)
      return min(max(sum, low), high)
    }
    var result: [T] = []
    if by > 0 {
      var i = clamp(from ?? 0, 0, count)
      let end = clamp(to ?? count, 0, count)
      while i < end {
        result.append(items[i])
        let (next, overflow) = i.addingReportingOverflow(by)
        if overflow { break }
        i = next
      }
    } else {
      var i = from.map { clamp($0, -1, count - 1) } ?? count - 1
      let end = to.map { clamp($0, -1, count - 1) } ?? -1
      while i > end {
        result.append(items[i])
        let (next, overflow) = i.addingReportingOverflow(by)
        if overflow { break }
        i = next
      }
    }
    return result
  }
}
