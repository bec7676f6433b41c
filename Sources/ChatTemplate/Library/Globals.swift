import Diagnostics

/// The functions that every template may call.
let globalFunctions: Set = [
  "cycler", "dict", "joiner", "lipsum", "namespace", "raise_exception", "range", "strftime_now",
]

extension Renderer {
  func callGlobal(_ name: String, _ arguments: CallArguments) throws(GraftError) -> Value {
    switch name {
    case "raise_exception":
      throw .templateRefusal(try arguments.required(0, "message").text)
    case "strftime_now":
      guard case .string(let format) = try arguments.required(0, "format") else {
        throw .wrongArgument("strftime_now", "the format must be a string")
      }
      return .string(now.formatted(format))
    case "range": return try range(arguments)
    case "namespace":
      let values = try dictionary(arguments)
      for case .string(let name) in values.keys { try checkNamespaceName(name) }
      return .namespace(namespace(values))
    case "dict": return try charged(.dictionary(dictionary(arguments)))
    case "cycler":
      guard !arguments.positional.isEmpty else {
        throw .wrongArgument("cycler", "it needs a value")
      }
      return .helper(Helper(.cycler(arguments.positional)))
    case "joiner":
      try Parameters("/ sep").check(arguments)
      return .helper(Helper(.joiner(arguments.marked(0, "sep") ?? .string(", "))))
    case "lipsum": throw .nondeterministic("function 'lipsum'")
    default: throw .undefinedUse("'\(name)'")
    }
  }

  /// Namespaces keep no names of Python's own.
  func checkNamespaceName(_ name: String) throws(GraftError) {
    if name.hasPrefix("_") {
      throw .templateFailure("a namespace cannot keep '\(name)', which begins with an underscore")
    }
  }

  private func range(_ arguments: CallArguments) throws(GraftError) -> Value {
    var bounds: [Int] = []
    guard arguments.keyword.isEmpty else {
      throw .wrongArgument("range", "its numbers have no names")
    }
    for value in arguments.positional {
      guard let bound = value.integer else {
        throw .wrongArgument("range", "its bounds must be integers, one is \(value.typeName)")
      }
      bounds.append(bound)
    }
    guard (1...3).contains(bounds.count) else {
      throw .wrongArgument("range", "it needs one to three numbers")
    }
    let start = bounds.count == 1 ? 0 : bounds[0]
    let end = bounds.count == 1 ? bounds[0] : bounds[1]
    let step = bounds.count == 3 ? bounds[2] : 1
    guard step != 0 else { throw .wrongArgument("range", "the step is zero") }
    var items: [Value] = []
    for number in stride(from: start, to: end, by: step) {
      guard items.count < Limits.rangeLength else {
        throw .templateLimit("a range is longer than \(Limits.rangeLength)")
      }
      items.append(.int(number))
    }
    return .view(SequenceView(kind: .range(start: start, end: end, step: step), items: items))
  }

  private func dictionary(_ arguments: CallArguments) throws(GraftError) -> TemplateDictionary {
    var dictionary = TemplateDictionary()
    guard arguments.positional.count <= 1 else {
      throw .wrongArgument(arguments.function, "it takes at most one value without a name")
    }
    switch arguments.positional.first {
    case nil: break
    case .dictionary(let first): dictionary = first
    case .namespace(let first): dictionary = first.values
    case .some(let pairs):
      for pair in try pairs.elements(for: "dict") {
        guard let items = pair.elements, items.count == 2, let key = ValueKey(items[0]) else {
          throw .wrongArgument("dict", "it needs pairs of keys and values")
        }
        dictionary.set(items[0], key, items[1])
      }
    }
    for (name, value) in arguments.keyword { dictionary.set(name, value) }
    return dictionary
  }
}
