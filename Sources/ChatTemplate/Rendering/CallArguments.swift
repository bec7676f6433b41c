import Diagnostics

/// The arguments of a call, evaluated.
struct CallArguments {
  /// What is called, for errors.
  var function: String
  var positional: [Value] = []
  var keyword: [(name: String, value: Value)] = []

  /// The argument at a position or of a name.
  func value(_ index: Int, _ name: String) -> Value? {
    if index < positional.count { return positional[index].plain }
    return keyword.last { $0.name == name }?.value.plain
  }

  /// The argument, which must be there.
  func required(_ index: Int, _ name: String) throws(GraftError) -> Value {
    guard let value = value(index, name) else {
      throw .wrongArgument(function, "the argument '\(name)' is missing")
    }
    return value
  }

  /// An integer, or `fallback` where it is absent or none.
  func int(_ index: Int, _ name: String, default fallback: Int) throws(GraftError) -> Int {
    switch value(index, name) {
    case nil, .some(.none): return fallback
    case .some(let value):
      guard let integer = value.integer else {
        throw .wrongArgument(function, "'\(name)' must be an integer, is \(value.typeName)")
      }
      return integer
    }
  }

  /// A string, or `fallback` where it is absent or none.
  func string(_ index: Int, _ name: String, default fallback: String) throws(GraftError) -> String {
    switch value(index, name) {
    case nil, .some(.none): return fallback
    case .some(.string(let text)): return text
    case .some(let value):
      throw .wrongArgument(function, "'\(name)' must be a string, is \(value.typeName)")
    }
  }

  /// A truth value, or `fallback` where it is absent.
  func bool(_ index: Int, _ name: String, default fallback: Bool) -> Bool {
    value(index, name)?.isTrue ?? fallback
  }

  /// The arguments after the first `count` positional ones, for another call.
  func dropping(_ count: Int, function: String) -> CallArguments {
    CallArguments(
      function: function, positional: Array(positional.dropFirst(count)), keyword: keyword)
  }
}
