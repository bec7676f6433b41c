import Diagnostics

/// The functions that every template may call.
let globalFunctions: Set = [
  "cycler", "dict", "joiner", "namespace", "raise_exception", "range", "strftime_now",
]

extension Renderer {
  func callGlobal(_ name: String, _ arguments: CallArguments) throws(GraftError) -> Value {
    switch name {
    case "raise_exception":
      throw .templateRefusal(try arguments.required(0, "message").text)
    case "strftime_now":
      return .string(now.formatted(try arguments.string(0, "format", default: "")))
    case "range": return try range(arguments)
    case "namespace": return .namespace(namespace(try dictionary(arguments)))
    case "dict": return try charged(.dictionary(dictionary(arguments)))
    case "cycler":
      guard !arguments.positional.isEmpty else {
        throw .wrongArgument("cycler", "it needs a value")
      }
      return .helper(Helper(.cycler(arguments.positional)))
    case "joiner":
      return .helper(Helper(.joiner(try arguments.string(0, "sep", default: ", "))))
    default: throw .undefinedUse("'\(name)'")
    }
  }

  private func range(_ arguments: CallArguments) throws(GraftError) -> Value {
    var bounds: [Int] = []
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
