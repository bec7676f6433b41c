import Diagnostics
import StrictJSON

/// A value while a template runs, with Python's meaning.
///
/// Lists and dictionaries are never changed in place: the reference's sandbox forbids it too.
enum Value {
  /// Nothing, with what was looked for in words.
  case undefined(String)
  case none
  case bool(Bool)
  case int(Int)
  case double(Double)
  case string(String)
  /// Text that is marked as safe: what is added to it is escaped, as in the reference.
  case markup(String)
  case list([Value])
  case tuple([Value])
  case dictionary(TemplateDictionary)
  /// Values that can be gone through once.
  case iterator(ValueIterator)
  /// A range, or the keys, values or pairs of a dictionary.
  case view(SequenceView)
  case namespace(Namespace)
  case loop(LoopState)
  case macro(Macro)
  /// A function of the environment.
  case function(String)
  /// A method of a value.
  indirect case method(Value, String)
  /// A helper that keeps a state between calls.
  case helper(Helper)
}

/// A dictionary that keeps the order of its keys.
struct TemplateDictionary {
  private(set) var keys: [Value] = []
  private(set) var values: [Value] = []
  private var index: [ValueKey: Int] = [:]

  var count: Int { keys.count }

  subscript(key: ValueKey) -> Value? { index[key].map { values[$0] } }

  subscript(key: String) -> Value? { self[.string(Array(key.utf8))] }

  /// Sets the value of a key, which keeps its place if it is there.
  mutating func set(_ key: Value, _ hashed: ValueKey, _ value: Value) {
    if let position = index[hashed] {
      values[position] = value
    } else {
      index[hashed] = keys.count
      keys.append(key)
      values.append(value)
    }
  }

  mutating func set(_ key: String, _ value: Value) {
    set(.string(key), .string(Array(key.utf8)), value)
  }

  /// The dictionary with other values.
  func mapped(_ transform: (Value) -> Value) -> TemplateDictionary {
    var copy = self
    copy.values = values.map(transform)
    return copy
  }

  /// Keys and values as pairs.
  var items: [Value] { zip(keys, values).map { .tuple([$0, $1]) } }
}

/// What a dictionary finds a key by; strings by code points.
enum ValueKey: Hashable {
  case undefined
  case none
  case number(Double)
  case int(Int)
  case string([UInt8])
  case tuple([ValueKey])

  /// Nil for what Python cannot hash.
  init?(_ value: Value) {
    switch value {
    case .undefined: self = .undefined
    case .none: self = .none
    case .bool(let value): self = .int(value ? 1 : 0)
    case .int(let value): self = .int(value)
    case .double(let value):
      if let exact = Int(exactly: value) { self = .int(exact) } else { self = .number(value) }
    case .string(let value), .markup(let value): self = .string(Array(value.utf8))
    case .tuple(let items):
      var keys: [ValueKey] = []
      for item in items {
        guard let key = ValueKey(item) else { return nil }
        keys.append(key)
      }
      self = .tuple(keys)
    default: return nil
    }
  }
}

/// Values that Python makes on demand, and prints by what they are made of.
struct SequenceView {
  enum Kind {
    case range(start: Int, end: Int, step: Int)
    case keys, values, items
  }

  var kind: Kind
  var items: [Value]

  /// Whether items have positions.
  var isSequence: Bool { if case .range = kind { true } else { false } }

  /// The text that Python's `repr` gives.
  var representation: String {
    switch kind {
    case .range(let start, let end, let step):
      return "range(\(start), \(end)" + (step == 1 ? ")" : ", \(step))")
    case .keys: return "dict_keys(\(Value.list(items).representation))"
    case .values: return "dict_values(\(Value.list(items).representation))"
    case .items: return "dict_items(\(Value.list(items).representation))"
    }
  }
}

/// Values that can be gone through once.
final class ValueIterator {
  private var remaining: [Value]

  init(_ values: [Value]) { remaining = values }

  /// All values that are left; then none are.
  func takeAll() -> [Value] {
    defer { remaining = [] }
    return remaining
  }

  /// The next value.
  func next() -> Value? { remaining.isEmpty ? nil : remaining.removeFirst() }
}

/// Variables that inner scopes may change.
final class Namespace {
  var values: TemplateDictionary

  init(_ values: TemplateDictionary) { self.values = values }
}

/// A macro, with the variables around its definition.
final class Macro {
  let definition: MacroDefinition
  let scope: Scope

  init(_ definition: MacroDefinition, scope: Scope) {
    self.definition = definition
    self.scope = scope
  }
}

/// `cycler` and `joiner`.
final class Helper {
  enum Kind {
    case cycler([Value])
    case joiner(Value)
  }

  let kind: Kind
  var position = 0

  init(_ kind: Kind) { self.kind = kind }
}

/// What `loop` knows within a loop.
final class LoopState {
  let items: [Value]
  var index = 0
  let depth: Int
  let recursion: (loop: Loop, scope: Scope)?
  var lastChanged: [Value]?

  init(_ items: [Value], depth: Int, recursion: (loop: Loop, scope: Scope)?) {
    self.items = items
    self.depth = depth
    self.recursion = recursion
  }
}

/// The variables of a block; inner blocks see those around them.
final class Scope {
  private var values: [String: Value] = [:]
  let parent: Scope?

  init(parent: Scope?) { self.parent = parent }

  func find(_ name: String) -> Value? {
    var scope: Scope? = self
    while let current = scope {
      if let value = current.values[name] { return value }
      scope = current.parent
    }
    return nil
  }

  func set(_ name: String, _ value: Value) { values[name] = value }

  /// Forgets all variables.
  func removeAll() { values = [:] }
}

extension Value {
  /// A JSON value as Python reads it.
  init(_ json: JSONValue) {
    switch json {
    case .null: self = .none
    case .bool(let value): self = .bool(value)
    case .number(let number): self = number.int.map(Value.int) ?? .double(number.double)
    case .string(let value): self = .string(value)
    case .array(let elements): self = .list(elements.map(Value.init))
    case .object(let object):
      var dictionary = TemplateDictionary()
      for (key, value) in object { dictionary.set(key, Value(value)) }
      self = .dictionary(dictionary)
    }
  }

  /// The type's name in Python, for errors.
  var typeName: String {
    switch self {
    case .undefined: "undefined"
    case .none: "None"
    case .bool: "bool"
    case .int: "int"
    case .double: "float"
    case .string, .markup: "str"
    case .list: "list"
    case .tuple: "tuple"
    case .dictionary: "dict"
    case .iterator: "iterator"
    case .view(let view): view.isSequence ? "range" : "dict view"
    case .namespace: "namespace"
    case .loop: "loop"
    case .macro: "macro"
    case .function, .method, .helper: "function"
    }
  }

  /// Whether a condition holds.
  var isTrue: Bool {
    switch self {
    case .undefined, .none: false
    case .bool(let value): value
    case .int(let value): value != 0
    case .double(let value): value != 0
    case .string(let value), .markup(let value): !value.isEmpty
    case .list(let items), .tuple(let items): !items.isEmpty
    case .view(let view): !view.items.isEmpty
    case .dictionary(let value): value.count > 0
    case .loop(let loop): !loop.items.isEmpty
    case .iterator, .namespace, .macro, .function, .method, .helper: true
    }
  }

  /// The bytes of all texts in the value, and one for each other part.
  ///
  /// - Throws: ``GraftError`` above `limit`, and for values that are nested too deeply.
  func weight(limit: Int, depth: Int) throws(GraftError) -> Int {
    guard depth <= Limits.valueDepth else {
      throw .templateLimit("a value is nested deeper than \(Limits.valueDepth) levels")
    }
    func sum(_ items: [Value], _ start: Int) throws(GraftError) -> Int {
      var total = start + items.count
      for item in items {
        guard total <= limit else {
          throw .templateLimit("a value would be longer than \(Limits.valueLength)")
        }
        total += try item.weight(limit: limit - total, depth: depth + 1)
      }
      return total
    }
    switch self {
    case .string(let text), .markup(let text): return text.utf8.count
    case .list(let items), .tuple(let items): return try sum(items, 1)
    case .view(let view): return try sum(view.items, 1)
    case .dictionary(let dictionary):
      return try sum(dictionary.values, sum(dictionary.keys, 1))
    case .method(let receiver, _): return try receiver.weight(limit: limit, depth: depth + 1)
    default: return 1
    }
  }

  /// The value without the mark of safe text.
  var plain: Value { if case .markup(let text) = self { .string(text) } else { self } }

  var isUndefined: Bool { if case .undefined = self { true } else { false } }
}
