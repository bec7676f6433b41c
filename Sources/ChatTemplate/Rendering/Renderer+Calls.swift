import Diagnostics

extension Renderer {
  /// Evaluates a call expression.
  ///
  /// - Parameter caller: the body of a call block.
  func evaluateCall(
    _ expression: Expression, _ scope: Scope, caller: Value?
  ) throws(GraftError) -> Value {
    guard case .call(let callee, let arguments) = expression else {
      return try evaluate(expression, scope)
    }
    let function = try evaluate(callee, scope)
    return try call(function, evaluate(arguments, Self.name(of: callee), scope), caller: caller)
  }

  private static func name(of callee: Expression) -> String {
    switch callee {
    case .name(let name), .attribute(_, let name): name
    default: "a function"
    }
  }

  func call(
    _ function: Value, _ arguments: CallArguments, caller: Value? = nil
  ) throws(GraftError) -> Value {
    try step()
    switch function {
    case .macro(let macro): return try call(macro, arguments, caller: caller)
    case .function(let name): return try callGlobal(name, arguments)
    case .method(let receiver, let name):
      return try charged(callMethod(name, of: receiver, arguments))
    case .loop(let loop): return try recurse(loop, arguments)
    case .helper(let helper): return helper.call()
    case .undefined(let what): throw .undefinedUse(what)
    default: throw .templateFailure("a \(function.typeName) cannot be called")
    }
  }

  private func call(
    _ macro: Macro, _ arguments: CallArguments, caller: Value?
  ) throws(GraftError) -> Value {
    let definition = macro.definition
    let scope = Scope(parent: macro.scope)
    if let caller {
      guard definition.extras.contains("caller") else {
        throw .wrongArgument(definition.name, "the macro takes no call block")
      }
      scope.set("caller", caller)
    }
    var keyword = arguments.keyword
    for (i, parameter) in definition.parameters.enumerated() {
      if i < arguments.positional.count {
        scope.set(parameter.name, arguments.positional[i])
      } else if let position = keyword.firstIndex(where: { $0.name == parameter.name }) {
        scope.set(parameter.name, keyword.remove(at: position).value)
      } else if let fallback = parameter.fallback {
        scope.set(parameter.name, try evaluate(fallback, scope))
      } else {
        scope.set(parameter.name, .undefined("'\(parameter.name)'"))
      }
    }
    let further = Array(arguments.positional.dropFirst(definition.parameters.count))
    guard further.isEmpty || definition.extras.contains("varargs") else {
      throw .wrongArgument(
        definition.name, "the macro takes at most \(definition.parameters.count) arguments")
    }
    scope.set("varargs", .tuple(further))
    var rest = TemplateDictionary()
    for (name, value) in keyword {
      if name == "caller", definition.extras.contains(name) {
        scope.set(name, value)
        continue
      }
      guard definition.extras.contains("kwargs") else {
        throw .wrongArgument(definition.name, "the macro has no parameter '\(name)'")
      }
      rest.set(name, value)
    }
    scope.set("kwargs", .dictionary(rest))
    return try deeper { () throws(GraftError) in
      .string(try captured(definition.body, scope))
    }
  }

  private func recurse(
    _ loop: LoopState, _ arguments: CallArguments
  ) throws(GraftError) -> Value {
    guard let (definition, scope) = loop.recursion else {
      throw .templateFailure("a loop that is not recursive cannot be called")
    }
    let items = try arguments.required(0, "iterable").elements(for: "loop")
    return try deeper { () throws(GraftError) in
      .string(
        try captured { () throws(GraftError) in
          try run(definition, over: items, scope, level: loop.depth)
        })
    }
  }
}

extension LoopState {
  /// A property of `loop`, or a method.
  func property(_ name: String) -> Value? {
    switch name {
    case "index": .int(index + 1)
    case "index0": .int(index)
    case "revindex": .int(items.count - index)
    case "revindex0": .int(items.count - index - 1)
    case "first": .bool(index == 0)
    case "last": .bool(index == items.count - 1)
    case "length": .int(items.count)
    case "depth": .int(depth)
    case "depth0": .int(depth - 1)
    case "previtem": index > 0 ? items[index - 1] : .undefined("the item before the first")
    case "nextitem":
      index + 1 < items.count ? items[index + 1] : .undefined("the item after the last")
    case "cycle", "changed": .method(.loop(self), name)
    default: nil
    }
  }
}

extension Helper {
  /// What a call of the helper gives.
  func call() -> Value {
    defer { position += 1 }
    switch kind {
    case .cycler(let items): return items[position % items.count]
    case .joiner(let separator): return position == 0 ? .string("") : separator
    }
  }

  /// A property or a method of a cycler.
  func property(_ name: String) -> Value? {
    guard case .cycler(let items) = kind else {
      guard case .joiner(let separator) = kind else { return nil }
      return name == "sep" ? separator : name == "used" ? .bool(position > 0) : nil
    }
    switch name {
    case "items": return .tuple(items)
    case "pos": return .int(position % items.count)
    case "current": return items[position % items.count]
    case "next", "reset": return .method(.helper(self), name)
    default: return nil
    }
  }
}
