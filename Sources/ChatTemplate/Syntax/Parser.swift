import Diagnostics

/// Builds the statements of a template from its tokens.
struct Parser {
  private let tokens: [Token]
  let file: String?
  private var position = 0
  private var depth = 0
  /// Above 0 within a condition, where unknown filters and tests fail only when they are reached.
  var conditionDepth = 0
  private var loopDepth = 0
  /// Whether a `generation` block was seen.
  private(set) var hasGenerationBlock = false

  private static let constants: Set = ["true", "True", "false", "False", "none", "None"]

  /// How deep blocks and expressions may nest.
  static let depthLimit = 100

  init(_ tokens: [Token], file: String?) {
    self.tokens = tokens
    self.file = file
  }

  mutating func parseTemplate() throws(GraftError) -> [Statement] {
    let body = try parseBody(until: [])
    guard current.kind == .end else { throw unexpected() }
    return body
  }

  // MARK: - Tokens

  var current: Token { tokens[position] }

  var next: Token { tokens[min(position + 1, tokens.count - 1)] }

  @discardableResult
  mutating func advance() -> Token {
    let token = tokens[position]
    if position + 1 < tokens.count { position += 1 }
    return token
  }

  func isSymbol(_ symbol: String) -> Bool { current.kind == .symbol(symbol) }

  func isName(_ name: String) -> Bool { current.kind == .name(name) }

  mutating func take(_ symbol: String) -> Bool {
    guard isSymbol(symbol) else { return false }
    advance()
    return true
  }

  mutating func takeName(_ name: String) -> Bool {
    guard isName(name) else { return false }
    advance()
    return true
  }

  mutating func expect(_ kind: Token.Kind) throws(GraftError) {
    guard current.kind == kind else {
      throw failure("\(kind.words) must stand here, not \(current.kind.words)")
    }
    advance()
  }

  mutating func expectName() throws(GraftError) -> String {
    guard case .name(let name) = current.kind else {
      throw failure("a name must stand here, not \(current.kind.words)")
    }
    advance()
    return name
  }

  func failure(_ what: String) -> GraftError {
    .invalidTemplate(what, file: file, line: current.line)
  }

  func unexpected() -> GraftError { failure("\(current.kind.words) cannot stand here") }

  /// Runs `parse` one level deeper.
  mutating func nested<R>(
    _ parse: (inout Parser) throws(GraftError) -> R
  ) throws(GraftError) -> R {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.depthLimit else {
      throw failure("blocks or expressions are nested deeper than \(Self.depthLimit) levels")
    }
    return try parse(&self)
  }

  // MARK: - Statements

  /// Parses statements up to a block that begins with one of the names `ends`, which stays.
  mutating func parseBody(until ends: Set<String>) throws(GraftError) -> [Statement] {
    try nested { (parser) throws(GraftError) in
      var body: [Statement] = []
      while true {
        let token = parser.current
        switch token.kind {
        case .data(let text):
          parser.advance()
          body.append(Statement(kind: .text(text), line: token.line))
        case .outputBegin:
          parser.advance()
          let value = try parser.parseTuple()
          try parser.expect(.outputEnd)
          body.append(Statement(kind: .output(value), line: token.line))
        case .blockBegin:
          if case .name(let name) = parser.next.kind, ends.contains(name) { return body }
          parser.advance()
          let kind = try parser.parseBlock()
          body.append(Statement(kind: kind, line: token.line))
        case .end:
          guard ends.isEmpty else {
            throw parser.failure(
              "'\(ends.sorted().joined(separator: "' or '"))' is missing at the end")
          }
          return body
        default: throw parser.unexpected()
        }
      }
    }
  }

  /// Passes `{% name`, which is next, and returns the name.
  private mutating func takeBlockName() throws(GraftError) -> String {
    try expect(.blockBegin)
    return try expectName()
  }

  private mutating func parseBlock() throws(GraftError) -> Statement.Kind {
    let line = current.line
    let name = try expectName()
    switch name {
    case "if": return try parseIf()
    case "for": return try parseFor()
    case "set": return try parseSet()
    case "macro": return try parseMacro()
    case "call": return try parseCall()
    case "with": return try parseWith()
    case "filter":
      let filters = try parseFilters(of: nil)
      return .filter(filters, body: try parseBlockBody("endfilter"))
    case "generation":
      hasGenerationBlock = true
      return .generation(try parseMacroBody("endgeneration"))
    case "break", "continue":
      guard loopDepth > 0 else { throw failure("'\(name)' stands outside of a loop") }
      try expect(.blockEnd)
      return name == "break" ? .breakLoop : .continueLoop
    case "include", "import", "from", "extends", "block", "do", "autoescape", "debug", "trans":
      throw .unsupportedTag(name, file: file, line: line)
    default: throw .invalidTemplate("there is no tag '\(name)'", file: file, line: line)
    }
  }

  /// Parses `%}`, a body, and the block that ends it.
  private mutating func parseBlockBody(_ end: String) throws(GraftError) -> [Statement] {
    try expect(.blockEnd)
    let body = try parseBody(until: [end])
    _ = try takeBlockName()
    try expect(.blockEnd)
    return body
  }

  private mutating func parseIf() throws(GraftError) -> Statement.Kind {
    conditionDepth += 1
    defer { conditionDepth -= 1 }
    var branches: [(condition: Expression, body: [Statement])] = []
    var otherwise: [Statement] = []
    var name = "if"
    while name == "if" || name == "elif" {
      let condition = try parseTuple(allowsConditional: false)
      try expect(.blockEnd)
      branches.append((condition, try parseBody(until: ["elif", "else", "endif"])))
      name = try takeBlockName()
    }
    if name == "else" {
      try expect(.blockEnd)
      otherwise = try parseBody(until: ["endif"])
      _ = try takeBlockName()
    }
    try expect(.blockEnd)
    return .conditional(branches, otherwise: otherwise)
  }

  private mutating func parseFor() throws(GraftError) -> Statement.Kind {
    let target = try parseTarget(until: "in")
    guard takeName("in") else { throw failure("'in' must stand here") }
    let iterable = try parseTuple(allowsConditional: false, until: "recursive")
    var condition: Expression?
    if takeName("if") { condition = try parseExpression() }
    let isRecursive = takeName("recursive")
    try expect(.blockEnd)
    loopDepth += 1
    let body = try parseBody(until: ["else", "endfor"])
    loopDepth -= 1
    var otherwise: [Statement] = []
    if try takeBlockName() == "else" {
      try expect(.blockEnd)
      otherwise = try parseBody(until: ["endfor"])
      _ = try takeBlockName()
    }
    try expect(.blockEnd)
    return .loop(
      Loop(
        target: target, iterable: iterable, condition: condition, isRecursive: isRecursive,
        body: body, otherwise: otherwise))
  }

  private mutating func parseSet() throws(GraftError) -> Statement.Kind {
    let target = try parseTarget(until: nil)
    if take("=") {
      let value = try parseTuple()
      try expect(.blockEnd)
      return .set(target, value)
    }
    let filters = isSymbol("|") ? try parsePipedFilters() : nil
    return .setBlock(target, filters: filters, body: try parseBlockBody("endset"))
  }

  private mutating func parsePipedFilters() throws(GraftError) -> Expression {
    try expect(.symbol("|"))
    return try parseFilters(of: nil)
  }

  private mutating func parseTarget(until end: String?) throws(GraftError) -> AssignmentTarget {
    try nested { (parser) throws(GraftError) in
      var targets: [AssignmentTarget] = []
      var isTuple = false
      repeat {
        if let end, parser.isName(end) { break }
        if targets.count > 0, parser.current.kind == .blockEnd || parser.isSymbol("=") { break }
        if parser.take("(") {
          targets.append(try parser.parseTarget(until: nil))
          try parser.expect(.symbol(")"))
          continue
        }
        let name = try parser.expectName()
        guard !Self.constants.contains(name), end == nil || name != "loop" else {
          throw parser.failure("'\(name)' cannot be assigned to")
        }
        if parser.take(".") {
          targets.append(.attribute(name, try parser.expectName()))
        } else {
          targets.append(.name(name))
        }
        if parser.isSymbol(",") { isTuple = true }
      } while parser.take(",")
      if targets.isEmpty { throw parser.failure("a name must stand here") }
      if !isTuple, targets.count == 1 { return targets[0] }
      return .tuple(targets)
    }
  }

  private mutating func parseWith() throws(GraftError) -> Statement.Kind {
    var values: [(AssignmentTarget, Expression)] = []
    while current.kind != .blockEnd {
      if !values.isEmpty { try expect(.symbol(",")) }
      let name = try expectName()
      try expect(.symbol("="))
      values.append((.name(name), try parseExpression()))
    }
    return .with(values, body: try parseBlockBody("endwith"))
  }

  private mutating func parseMacro() throws(GraftError) -> Statement.Kind {
    let name = try expectName()
    return .macro(try parseDefinition(name, parseParameters(), until: "endmacro"))
  }

  private mutating func parseCall() throws(GraftError) -> Statement.Kind {
    let parameters = isSymbol("(") ? try parseParameters() : []
    let call = try parseExpression()
    guard case .call = call else { throw failure("a call must stand here") }
    return .call(call, try parseDefinition("caller", parameters, until: "endcall"))
  }

  private mutating func parseDefinition(
    _ name: String, _ parameters: [(name: String, fallback: Expression?)], until end: String
  ) throws(GraftError) -> MacroDefinition {
    let start = position
    let body = try parseMacroBody(end)
    var extras: Set<String> = []
    for i in start..<position {
      if case .name(let word) = tokens[i].kind, ["varargs", "kwargs", "caller"].contains(word),
        tokens[i - 1].kind != .symbol(".")
      {
        extras.insert(word)
      }
    }
    return MacroDefinition(name: name, parameters: parameters, body: body, extras: extras)
  }

  private mutating func parseMacroBody(_ end: String) throws(GraftError) -> [Statement] {
    let outer = loopDepth
    loopDepth = 0
    defer { loopDepth = outer }
    return try parseBlockBody(end)
  }

  private mutating func parseParameters() throws(GraftError) -> [(
    name: String, fallback: Expression?
  )] {
    try expect(.symbol("("))
    var parameters: [(name: String, fallback: Expression?)] = []
    while !isSymbol(")") {
      if !parameters.isEmpty { try expect(.symbol(",")) }
      if isSymbol(")") { break }
      let name = try expectName()
      guard !parameters.contains(where: { $0.name == name }) else {
        throw failure("the parameter '\(name)' stands twice")
      }
      if take("=") {
        parameters.append((name, try parseExpression()))
      } else if parameters.last?.fallback != nil {
        throw failure("a parameter without a default follows one with a default")
      } else {
        parameters.append((name, nil))
      }
    }
    advance()
    return parameters
  }
}
