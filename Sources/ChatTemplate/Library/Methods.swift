import Diagnostics

private let stringMethods: Set = [
  "capitalize", "center", "count", "endswith", "find", "format", "index", "isalnum", "isalpha",
  "isascii", "isdecimal", "isdigit", "isidentifier", "islower", "isnumeric", "isprintable",
  "isspace", "istitle", "isupper", "expandtabs", "format_map", "join", "ljust",
  "lower", "lstrip", "partition", "removeprefix", "removesuffix", "replace", "rfind", "rindex",
  "rjust", "rpartition", "rsplit", "rstrip", "split", "splitlines", "startswith", "strip",
  "swapcase", "title", "upper", "zfill", "casefold",
]
private let dictionaryMethods: Set = ["copy", "get", "items", "keys", "values"]
private let listMethods: Set = ["copy", "count", "index"]
private let tupleMethods: Set = ["count", "index"]
/// Methods that change their object, which the sandbox forbids.
private let listMutators: Set = [
  "append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort",
]
private let dictionaryMutators: Set = ["clear", "pop", "popitem", "setdefault", "update"]

extension Renderer {
  /// The names of the methods of a value.
  func methods(of value: Value) -> Set<String> {
    switch value {
    case .string: stringMethods
    case .dictionary: dictionaryMethods.union(dictionaryMutators)
    case .list: listMethods.union(listMutators)
    case .tuple: tupleMethods
    default: []
    }
  }

  func callMethod(
    _ name: String, of receiver: Value, _ arguments: CallArguments
  ) throws(GraftError) -> Value {
    switch receiver {
    case .string(let text): return try callMethod(name, of: text, arguments)
    case .markup(let text):
      var arguments = arguments
      if name == "join", let parts = arguments.positional.first?.elements {
        arguments.positional[0] = .list(parts.map(\.escapedForMarkup))
      } else if !name.contains("split"), !name.contains("partition") {
        arguments.positional = arguments.positional.map(\.escapedForMarkup)
      }
      switch try callMethod(name, of: text, arguments) {
      case .string(let text): return .markup(text)
      case .list(let parts): return .list(parts.map { .markup($0.text) })
      case .tuple(let parts): return .tuple(parts.map { .markup($0.text) })
      case let result: return result
      }
    case .dictionary(let dictionary):
      return try callMethod(name, of: dictionary, arguments)
    case .list(let items), .tuple(let items):
      return try callMethod(name, of: items, receiver, arguments)
    case .loop(let loop): return try callMethod(name, of: loop, arguments)
    case .helper(let helper):
      if name == "reset" {
        helper.position = 0
        return .none
      }
      return helper.call()
    default: throw .undefinedUse("'\(name)' of a \(receiver.typeName)")
    }
  }

  private func callMethod(
    _ name: String, of dictionary: TemplateDictionary, _ arguments: CallArguments
  ) throws(GraftError) -> Value {
    switch name {
    case "get":
      let key = ValueKey(try arguments.required(0, "key"))
      return key.flatMap { dictionary[$0] } ?? arguments.value(1, "default") ?? .none
    case "items": return .view(SequenceView(kind: .items, items: dictionary.items))
    case "keys": return .view(SequenceView(kind: .keys, items: dictionary.keys))
    case "values": return .view(SequenceView(kind: .values, items: dictionary.values))
    case "copy": return .dictionary(dictionary)
    default: throw .forbiddenMethod(name, of: "dict")
    }
  }

  private func callMethod(
    _ name: String, of items: [Value], _ list: Value, _ arguments: CallArguments
  ) throws(GraftError) -> Value {
    switch name {
    case "copy": return list
    case "count":
      let value = try arguments.required(0, "value")
      return .int(items.count { $0.equals(value) })
    case "index":
      let value = try arguments.required(0, "value")
      guard let position = items.firstIndex(where: { $0.equals(value) }) else {
        throw .wrongArgument("index", "the list lacks the value")
      }
      return .int(position)
    default: throw .forbiddenMethod(name, of: list.typeName)
    }
  }

  private func callMethod(
    _ name: String, of loop: LoopState, _ arguments: CallArguments
  ) throws(GraftError) -> Value {
    if name == "cycle" {
      guard !arguments.positional.isEmpty else {
        throw .wrongArgument("cycle", "it needs a value")
      }
      return arguments.positional[loop.index % arguments.positional.count]
    }
    let before = loop.lastChanged
    loop.lastChanged = arguments.positional
    return .bool(before.map { !Value.list($0).equals(.list(arguments.positional)) } ?? true)
  }
}
