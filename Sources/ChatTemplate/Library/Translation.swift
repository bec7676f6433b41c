import Diagnostics

extension String {
  /// `translate`: each character as the table has it, by its number.
  func translated(by table: Value) throws(GraftError) -> String {
    guard case .dictionary(let dictionary) = table else {
      throw .wrongArgument("translate", "a dictionary is needed, not \(table.typeName)")
    }
    var out = ""
    for scalar in unicodeScalars {
      switch dictionary[.int(Int(scalar.value))]?.plain {
      case nil: out.unicodeScalars.append(scalar)
      case .some(.none): break
      case .some(.string(let text)): out += text
      case .some(let value):
        guard let code = value.integer,
          let other = UInt32(exactly: code).flatMap(Unicode.Scalar.init)
        else { throw .wrongArgument("translate", "the table has \(value.typeName)") }
        out.unicodeScalars.append(other)
      }
      guard out.utf8.count <= Limits.valueLength else {
        throw .templateLimit("a value would be longer than \(Limits.valueLength)")
      }
    }
    return out
  }
}

extension Renderer {
  /// `maketrans`: the table for `translate`.
  func translation(_ arguments: CallArguments) throws(GraftError) -> Value {
    try Parameters("=x / y z").check(arguments)
    var table = TemplateDictionary()
    func set(_ code: Int, _ value: Value) { table.set(.int(code), .int(code), value) }
    let first = try arguments.required(0, "x")
    if case .dictionary(let dictionary) = first, arguments.positional.count == 1 {
      for (key, value) in zip(dictionary.keys, dictionary.values) {
        if let code = key.integer {
          set(code, value)
        } else if case .string(let text) = key.plain, text.unicodeScalars.count == 1,
          let scalar = text.unicodeScalars.first
        {
          set(Int(scalar.value), value)
        } else {
          throw .wrongArgument("maketrans", "a key must be a number or one character")
        }
      }
      return .dictionary(table)
    }
    guard case .string(let from) = first, case .some(.string(let to)) = arguments.value(1, "y"),
      from.unicodeScalars.count == to.unicodeScalars.count
    else { throw .wrongArgument("maketrans", "two texts of the same length are needed") }
    for (old, new) in zip(from.unicodeScalars, to.unicodeScalars) {
      set(Int(old.value), .int(Int(new.value)))
    }
    for scalar in try arguments.string(2, "z", default: "").unicodeScalars {
      set(Int(scalar.value), .none)
    }
    return .dictionary(table)
  }

  /// `dict.fromkeys`.
  func keyed(_ arguments: CallArguments) throws(GraftError) -> Value {
    var dictionary = TemplateDictionary()
    let value = arguments.marked(1, "value") ?? .none
    for key in try arguments.required(0, "keys").elements(for: "fromkeys") {
      guard let hashed = ValueKey(key) else {
        throw .templateFailure("a value of type \(key.typeName) cannot be a key")
      }
      dictionary.set(key, hashed, value)
    }
    return .dictionary(dictionary)
  }
}
