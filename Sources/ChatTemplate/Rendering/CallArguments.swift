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

  /// The argument of a name.
  func keywordValue(_ name: String) -> Value? { keyword.last { $0.name == name }?.value.plain }

  /// The argument, which must be there.
  func required(_ index: Int, _ name: String) throws(GraftError) -> Value {
    guard let value = value(index, name) else {
      throw .wrongArgument(function, "the argument '\(name)' is missing")
    }
    return value
  }

  /// The argument with its mark of safe text.
  func marked(_ index: Int, _ name: String) -> Value? {
    index < positional.count ? positional[index] : keyword.last { $0.name == name }?.value
  }

  /// An integer, or `fallback` where it is absent, or none where that is allowed.
  func int(
    _ index: Int, _ name: String, default fallback: Int, orNone: Bool = false
  ) throws(GraftError) -> Int {
    switch value(index, name) {
    case nil: return fallback
    case .some(.none) where orNone: return fallback
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

  /// A string, which must be there.
  func requiredString(_ index: Int, _ name: String) throws(GraftError) -> String {
    let value = try required(index, name)
    guard case .string(let text) = value else {
      throw .wrongArgument(function, "'\(name)' must be a string, is \(value.typeName)")
    }
    return text
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
