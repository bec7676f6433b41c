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

extension Expression {
  /// Whether the value depends on nothing but the template's own text.
  var isConstant: Bool {
    switch self {
    case .none, .bool, .integer, .float, .string: true
    case .name, .call: false
    case .list(let items), .tuple(let items), .concatenation(let items):
      items.allSatisfy(\.isConstant)
    case .dictionary(let pairs): pairs.allSatisfy { $0.key.isConstant && $0.value.isConstant }
    case .attribute(let value, _), .not(let value), .negative(let value), .positive(let value):
      value.isConstant
    case .item(let a, let b), .binary(_, let a, let b), .and(let a, let b), .or(let a, let b):
      a.isConstant && b.isConstant
    case .slice(let value, let from, let to, let by):
      [value, from, to, by].allSatisfy { $0?.isConstant ?? true }
    case .filter(let value, _, let arguments):
      value?.isConstant == true && arguments.isConstant
    case .test(let value, _, let arguments): value.isConstant && arguments.isConstant
    case .comparison(let first, let rest):
      first.isConstant && rest.allSatisfy(\.operand.isConstant)
    case .conditional(let condition, let then, let otherwise):
      condition.isConstant && then.isConstant && otherwise?.isConstant == true
    }
  }
}

extension Arguments {
  fileprivate var isConstant: Bool {
    positional.allSatisfy(\.isConstant) && keyword.allSatisfy(\.value.isConstant)
      && spread?.isConstant ?? true && keywordSpread?.isConstant ?? true
  }
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
