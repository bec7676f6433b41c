import Diagnostics

extension Parser {
  /// Parses one expression, or several with commas, which make a tuple.
  ///
  /// - Parameters:
  ///   - allowsConditional: whether `a if b else c` may stand here.
  ///   - end: a name that ends the expression.
  mutating func parseTuple(
    allowsConditional: Bool = true, until end: String? = nil
  ) throws(GraftError) -> Expression {
    var items: [Expression] = []
    var isTuple = false
    while !isTupleEnd(end) {
      items.append(allowsConditional ? try parseExpression() : try parseOr())
      guard isSymbol(",") else { break }
      isTuple = true
      advance()
    }
    if !isTuple {
      guard let only = items.first else { throw failure("an expression must stand here") }
      return only
    }
    return .tuple(items)
  }

  private func isTupleEnd(_ end: String?) -> Bool {
    switch current.kind {
    case .outputEnd, .blockEnd, .symbol(")"): return true
    case .name(let name): return name == end
    default: return false
    }
  }

  mutating func parseExpression() throws(GraftError) -> Expression {
    try nested { (parser) throws(GraftError) in
      var value = try parser.parseOr()
      while parser.takeName("if") {
        let condition = try parser.parseOr()
        let otherwise = parser.takeName("else") ? try parser.parseExpression() : nil
        value = .conditional(if: condition, then: value, else: otherwise)
      }
      return value
    }
  }

  mutating func parseOr() throws(GraftError) -> Expression {
    var left = try parseAnd()
    while takeName("or") { left = .or(left, try parseAnd()) }
    return left
  }

  private mutating func parseAnd() throws(GraftError) -> Expression {
    var left = try parseNot()
    while takeName("and") { left = .and(left, try parseNot()) }
    return left
  }

  private mutating func parseNot() throws(GraftError) -> Expression {
    guard isName("not") else { return try parseComparison() }
    return try nested { (parser) throws(GraftError) in
      parser.advance()
      return .not(try parser.parseNot())
    }
  }

  private mutating func parseComparison() throws(GraftError) -> Expression {
    let left = try parseSum()
    var operands: [(operation: ComparisonOperator, operand: Expression)] = []
    while true {
      let operation: ComparisonOperator
      switch current.kind {
      case .symbol(let symbol):
        guard let known = ComparisonOperator(rawValue: symbol) else {
          return operands.isEmpty ? left : .comparison(left, operands)
        }
        operation = known
      case .name("in"): operation = .isIn
      case .name("not") where next.kind == .name("in"):
        advance()
        operation = .isNotIn
      default: return operands.isEmpty ? left : .comparison(left, operands)
      }
      advance()
      operands.append((operation, try parseSum()))
    }
  }

  private mutating func parseSum() throws(GraftError) -> Expression {
    var left = try parseConcatenation()
    while isSymbol("+") || isSymbol("-") {
      let operation = advance().kind == .symbol("+") ? BinaryOperator.add : .subtract
      left = .binary(operation, left, try parseConcatenation())
    }
    return left
  }

  private mutating func parseConcatenation() throws(GraftError) -> Expression {
    var parts = [try parseProduct()]
    while take("~") { parts.append(try parseProduct()) }
    return parts.count == 1 ? parts[0] : .concatenation(parts)
  }

  private mutating func parseProduct() throws(GraftError) -> Expression {
    var left = try parsePower()
    while case .symbol(let symbol) = current.kind, ["*", "/", "//", "%"].contains(symbol),
      let operation = BinaryOperator(rawValue: symbol)
    {
      advance()
      left = .binary(operation, left, try parsePower())
    }
    return left
  }

  private mutating func parsePower() throws(GraftError) -> Expression {
    var left = try parseUnary(withFilters: true)
    while take("**") { left = .binary(.power, left, try parseUnary(withFilters: true)) }
    return left
  }

  private mutating func parseUnary(withFilters: Bool) throws(GraftError) -> Expression {
    try nested { (parser) throws(GraftError) in
      var value: Expression
      if parser.take("-") {
        value = .negative(try parser.parseUnary(withFilters: false))
      } else if parser.take("+") {
        value = .positive(try parser.parseUnary(withFilters: false))
      } else {
        value = try parser.parsePrimary()
      }
      value = try parser.parsePostfix(value)
      return withFilters ? try parser.parseFiltersAndTests(value) : value
    }
  }

  private mutating func parsePrimary() throws(GraftError) -> Expression {
    let token = current
    switch token.kind {
    case .name(let name):
      advance()
      switch name {
      case "true", "True": return .bool(true)
      case "false", "False": return .bool(false)
      case "none", "None": return .none
      default: return .name(name)
      }
    case .string(var text):
      advance()
      while case .string(let more) = current.kind {
        text += more
        advance()
      }
      return .string(text)
    case .integer(let value):
      advance()
      return .integer(value)
    case .float(let value):
      advance()
      return .float(value)
    case .symbol("("):
      advance()
      let value: Expression = isSymbol(")") ? .tuple([]) : try parseTuple()
      try expect(.symbol(")"))
      return value
    case .symbol("["): return try parseList()
    case .symbol("{"): return try parseDictionary()
    default: throw unexpected()
    }
  }

  private mutating func parseList() throws(GraftError) -> Expression {
    try expect(.symbol("["))
    var items: [Expression] = []
    while !isSymbol("]") {
      if !items.isEmpty { try expect(.symbol(",")) }
      if isSymbol("]") { break }
      items.append(try parseExpression())
    }
    advance()
    return .list(items)
  }

  private mutating func parseDictionary() throws(GraftError) -> Expression {
    try expect(.symbol("{"))
    var items: [(key: Expression, value: Expression)] = []
    while !isSymbol("}") {
      if !items.isEmpty { try expect(.symbol(",")) }
      if isSymbol("}") { break }
      let key = try parseExpression()
      try expect(.symbol(":"))
      items.append((key, try parseExpression()))
    }
    advance()
    return .dictionary(items)
  }

  private mutating func parsePostfix(_ start: Expression) throws(GraftError) -> Expression {
    var value = start
    while true {
      switch current.kind {
      case .symbol("."), .symbol("["): value = try parseSubscript(value)
      case .symbol("("): value = .call(value, try parseArguments())
      default: return value
      }
    }
  }

  private mutating func parseSubscript(_ value: Expression) throws(GraftError) -> Expression {
    if take(".") {
      let token = advance()
      switch token.kind {
      case .name(let name): return .attribute(value, name)
      case .integer(let index): return .item(value, .integer(index))
      default: throw failure("a name must stand after '.'")
      }
    }
    try expect(.symbol("["))
    var from: Expression?
    if !isSymbol(":") {
      let index = try parseExpression()
      if isSymbol(",") {
        var items = [index]
        while take(",") { items.append(try parseExpression()) }
        try expect(.symbol("]"))
        return .item(value, .tuple(items))
      }
      if take("]") { return .item(value, index) }
      from = index
    }
    try expect(.symbol(":"))
    let to = isSymbol(":") || isSymbol("]") ? nil : try parseExpression()
    var by: Expression?
    if take(":"), !isSymbol("]") { by = try parseExpression() }
    try expect(.symbol("]"))
    return .slice(value, from: from, to: to, by: by)
  }

  private mutating func parseFiltersAndTests(
    _ start: Expression
  ) throws(GraftError) -> Expression {
    var value = start
    while true {
      switch current.kind {
      case .symbol("|"):
        advance()
        value = try parseFilters(of: value)
      case .name("is"):
        advance()
        value = try parseTest(value)
      case .symbol("("): value = .call(value, try parseArguments())
      default: return value
      }
    }
  }

  /// Parses `name(arguments) | name ...` as filters of `start`.
  mutating func parseFilters(of start: Expression?) throws(GraftError) -> Expression {
    var value = start
    repeat {
      let line = current.line
      let name = try parseDottedName()
      let isKnown = filters[name] != nil
      guard isKnown || conditionDepth > 0 else {
        var error = GraftError.unknown(
          "filter", name, near: suggestion(for: name, among: filters.keys))
        (error.file, error.line) = (file, line)
        throw error
      }
      let arguments = isSymbol("(") ? try parseArguments() : .none
      value = .filter(value, name, arguments)
    } while take("|")
    guard let value else { throw failure("a filter must stand here") }
    return value
  }

  private mutating func parseTest(_ value: Expression) throws(GraftError) -> Expression {
    let isNegated = takeName("not")
    let line = current.line
    let name = try parseDottedName()
    guard testNames.contains(name) || conditionDepth > 0 else {
      var error = GraftError.unknown("test", name, near: suggestion(for: name, among: testNames))
      (error.file, error.line) = (file, line)
      throw error
    }
    var arguments = Arguments.none
    if isSymbol("(") {
      arguments = try parseArguments()
    } else if startsTestArgument {
      if isName("is") { throw failure("tests cannot be chained with 'is'") }
      arguments.positional = [try parsePostfix(try parsePrimary())]
    }
    let test = Expression.test(value, name, arguments)
    return isNegated ? .not(test) : test
  }

  private var startsTestArgument: Bool {
    switch current.kind {
    case .name(let name): !["else", "or", "and"].contains(name)
    case .string, .integer, .float, .symbol("["), .symbol("{"): true
    default: false
    }
  }

  private mutating func parseDottedName() throws(GraftError) -> String {
    var name = try expectName()
    while take(".") { name += "." + (try expectName()) }
    return name
  }

  private mutating func parseArguments() throws(GraftError) -> Arguments {
    try expect(.symbol("("))
    var arguments = Arguments()
    var isFirst = true
    while !isSymbol(")") {
      if !isFirst { try expect(.symbol(",")) }
      if isSymbol(")") { break }
      isFirst = false
      if take("**") {
        arguments.keywordSpread = try parseExpression()
      } else if take("*") {
        arguments.spread = try parseExpression()
      } else if case .name(let name) = current.kind, next.kind == .symbol("=") {
        advance()
        advance()
        arguments.keyword.append((name, try parseExpression()))
      } else {
        guard arguments.keyword.isEmpty else {
          throw failure("an argument without a name follows one with a name")
        }
        arguments.positional.append(try parseExpression())
      }
    }
    advance()
    return arguments
  }
}
