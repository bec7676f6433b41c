import Diagnostics

private let stringMethods: Set = [
  "capitalize", "center", "count", "endswith", "find", "format", "index", "isalnum", "isalpha",
  "isascii", "isdecimal", "isdigit", "isidentifier", "islower", "isnumeric", "isprintable",
  "isspace", "istitle", "isupper", "expandtabs", "format_map", "join", "ljust",
  "lower", "lstrip", "partition", "removeprefix", "removesuffix", "replace", "rfind", "rindex",
  "rjust", "rpartition", "rsplit", "rstrip", "split", "splitlines", "startswith", "strip",
  "swapcase", "title", "translate", "maketrans", "upper", "zfill", "casefold", "encode",
]
private let dictionaryMethods: Set = ["copy", "fromkeys", "get", "items", "keys", "values"]
private let listMethods: Set = ["copy", "count", "index"]
private let tupleMethods: Set = ["count", "index"]
private let integerMethods: Set = [
  "as_integer_ratio", "bit_count", "bit_length", "conjugate", "from_bytes", "to_bytes",
]
private let floatMethods: Set = ["as_integer_ratio", "conjugate", "fromhex", "hex", "is_integer"]
/// The methods of safe text that escape their second argument.
private let markupEscapers: Set = ["center", "ljust", "replace", "rjust"]
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
    case .view(let view) where view.isSequence: tupleMethods
    case .bool, .int: integerMethods
    case .double: floatMethods
    default: []
    }
  }

  func callMethod(
    _ name: String, of receiver: Value, _ arguments: CallArguments
  ) throws(GraftError) -> Value {
    try methodParameters(of: receiver)[name]?.check(arguments)
    switch receiver {
    case .bool, .int, .double: return try callMethod(name, ofNumber: receiver)
    case .function("dict"): return try keyed(arguments)
    case .view(let view): return try callMethod(name, of: view.items, receiver, arguments)
    case .string(let text): return try callMethod(name, of: text, arguments)
    case .markup(let text):
      var arguments = arguments
      if name == "join", let parts = arguments.positional.first?.elements {
        arguments.positional[0] = .list(parts.map { .markup($0.markup) })
      } else if name == "format" || name == "format_map" {
        arguments.positional = arguments.positional.map(\.escapedForMarkup)
        arguments.keyword = arguments.keyword.map { ($0.name, $0.value.escapedForMarkup) }
      } else if markupEscapers.contains(name), arguments.positional.count > 1 {
        arguments.positional[1] = arguments.positional[1].escapedForMarkup
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
      let key = try arguments.required(0, "key")
      guard let hashed = ValueKey(key) else {
        throw .templateFailure("a value of type \(key.typeName) cannot be a key")
      }
      return dictionary[hashed] ?? arguments.marked(1, "default") ?? .none
    case "fromkeys": return try keyed(arguments)
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
      func bound(_ value: Int) -> Int {
        min(max(value < 0 ? value + items.count : value, 0), items.count)
      }
      let start = bound(try arguments.int(1, "start", default: 0))
      let end = max(start, bound(try arguments.int(2, "stop", default: items.count)))
      guard let position = items[start..<end].firstIndex(where: { $0.equals(value) }) else {
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
