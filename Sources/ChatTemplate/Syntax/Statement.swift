/// A statement of a template, with its line.
struct Statement: Sendable {
  indirect enum Kind: Sendable {
    case text(String)
    case output(Expression)
    case conditional([(condition: Expression, body: [Statement])], otherwise: [Statement])
    case loop(Loop)
    case set(AssignmentTarget, Expression)
    /// The text of the body becomes the value, after the filters.
    case setBlock(AssignmentTarget, filters: Expression?, body: [Statement])
    case with([(AssignmentTarget, Expression)], body: [Statement])
    case macro(MacroDefinition)
    /// Calls a macro that gets the body as `caller`.
    case call(Expression, MacroDefinition)
    case filter(Expression, body: [Statement])
    /// Text that the assistant is to produce.
    case generation([Statement])
    case breakLoop
    case continueLoop
  }

  var kind: Kind
  var line: Int
}

/// A `for` loop.
struct Loop: Sendable {
  var target: AssignmentTarget
  var iterable: Expression
  var condition: Expression?
  var isRecursive: Bool
  var body: [Statement]
  var otherwise: [Statement]
}

/// What a value is assigned to.
indirect enum AssignmentTarget: Sendable {
  case name(String)
  case attribute(String, String)
  case tuple([AssignmentTarget])
}

/// A macro, or the body of a call block.
struct MacroDefinition: Sendable {
  var name: String
  var parameters: [(name: String, fallback: Expression?)]
  var body: [Statement]
  /// The names among `varargs`, `kwargs` and `caller` that the body reads: what it may be given
  /// beyond its parameters.
  var extras: Set<String>
}
