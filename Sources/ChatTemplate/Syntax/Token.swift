/// A piece of a template's source.
struct Token: Equatable {
  enum Kind: Equatable {
    /// Text that is copied to the output.
    case data(String)
    /// `{%`
    case blockBegin
    /// `%}`
    case blockEnd
    /// `{{`
    case outputBegin
    /// `}}`
    case outputEnd
    case name(String)
    case string(String)
    case integer(Int)
    case float(Double)
    case symbol(String)
    case end
  }

  var kind: Kind
  /// The line, from 1.
  var line: Int
}

extension Token.Kind {
  /// How the token is called in an error.
  var words: String {
    switch self {
    case .data: "text"
    case .blockBegin: "'{%'"
    case .blockEnd: "'%}'"
    case .outputBegin: "'{{'"
    case .outputEnd: "'}}'"
    case .name(let name): "'\(name)'"
    case .string: "a string"
    case .integer, .float: "a number"
    case .symbol(let symbol): "'\(symbol)'"
    case .end: "the end of the template"
    }
  }
}
