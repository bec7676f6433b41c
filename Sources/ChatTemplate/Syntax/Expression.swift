/// An expression of a template.
indirect enum Expression: Sendable {
  case none
  case bool(Bool)
  case integer(Int)
  case float(Double)
  case string(String)
  case name(String)
  case list([Expression])
  case tuple([Expression])
  case dictionary([(key: Expression, value: Expression)])
  case attribute(Expression, String)
  case item(Expression, Expression)
  case slice(Expression, from: Expression?, to: Expression?, by: Expression?)
  case call(Expression, Arguments)
  /// A filter on a value, or, in a filter block, on the block's text.
  case filter(Expression?, String, Arguments)
  case test(Expression, String, Arguments)
  case not(Expression)
  case negative(Expression)
  case positive(Expression)
  case binary(BinaryOperator, Expression, Expression)
  case comparison(Expression, [(operation: ComparisonOperator, operand: Expression)])
  case and(Expression, Expression)
  case or(Expression, Expression)
  case concatenation([Expression])
  case conditional(if: Expression, then: Expression, else: Expression?)
}

/// The arguments of a call.
struct Arguments: Sendable {
  var positional: [Expression] = []
  var keyword: [(name: String, value: Expression)] = []
  /// `*arguments`
  var spread: Expression?
  /// `**arguments`
  var keywordSpread: Expression?

  static let none = Arguments()
}

/// An operator of arithmetic.
enum BinaryOperator: String, Sendable {
  case add = "+"
  case subtract = "-"
  case multiply = "*"
  case divide = "/"
  case floorDivide = "//"
  case remainder = "%"
  case power = "**"
}

/// An operator that compares.
enum ComparisonOperator: String, Sendable {
  case equal = "=="
  case notEqual = "!="
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
  case isIn = "in"
  case isNotIn = "not in"
}
