import Diagnostics

/// Runs a template on one conversation.
final class Renderer {
  private let file: String?
  let now: TemplateDate
  private var steps = 0
  private var work = 0
  var depth = 0
  /// What is being printed, if that does not call anything.
  private(set) var currentOutput: Expression?
  /// What may hold itself: scopes in which macros are, which hold their scope, and namespaces.
  /// Nothing else would free them after the run.
  private var scopesOfMacros: [Scope] = []
  private var namespaces: [Namespace] = []
  /// The output, and above it the texts of blocks that are being captured.
  private var outputs = [""]
  /// Where the texts of `generation` blocks stand in the output, as the reference finds them: from
  /// the length of the finished output where such a block ends.
  private(set) var assistantRanges: [Range<Int>] = []

  init(file: String?, now: TemplateDate) {
    self.file = file
    self.now = now
  }

  func run(_ body: [Statement], _ scope: Scope) throws(GraftError) -> String {
    defer {
      for scope in scopesOfMacros { scope.removeAll() }
      for namespace in namespaces { namespace.values = TemplateDictionary() }
    }
    _ = try execute(body, scope)
    return outputs[0]
  }

  /// A new namespace, emptied after the run.
  func namespace(_ values: TemplateDictionary) -> Namespace {
    let namespace = Namespace(values)
    namespaces.append(namespace)
    return namespace
  }

  // MARK: - Limits

  /// Counts a step.
  func step() throws(GraftError) {
    steps += 1
    if steps > Limits.steps { throw .templateLimit("it takes more than \(Limits.steps) steps") }
  }

  /// Counts the bytes of a text that was made.
  func charge(_ bytes: Int) throws(GraftError) {
    guard bytes <= Limits.valueLength, work <= Limits.work - bytes else {
      throw .templateLimit("its texts grow beyond \(Limits.valueLength) bytes")
    }
    work += bytes
  }

  /// Counts the bytes of a value that was made.
  ///
  /// Every value is counted when it is made, with all that it holds, so that going through one
  /// takes bounded time and depth.
  func charged(_ value: Value) throws(GraftError) -> Value {
    try charge(value.weight(limit: Limits.valueLength, depth: 0))
    return value
  }

  /// Runs `body` one call deeper.
  func deeper<R>(_ body: () throws(GraftError) -> R) throws(GraftError) -> R {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Limits.depth else {
      throw .templateLimit("calls are nested deeper than \(Limits.depth) levels")
    }
    return try body()
  }

  // MARK: - Output

  private func write(_ text: String) throws(GraftError) {
    outputs[outputs.count - 1] += text
    let length = outputs[outputs.count - 1].utf8.count
    guard length <= Limits.valueLength else {
      throw .templateLimit("its output is longer than \(Limits.valueLength) bytes")
    }
    try charge(text.utf8.count)
  }

  /// The text that `body` writes.
  func captured(_ body: [Statement], _ scope: Scope) throws(GraftError) -> String {
    try captured { () throws(GraftError) in _ = try execute(body, scope) }
  }

  /// The text that is written while `body` runs.
  func captured(_ body: () throws(GraftError) -> Void) throws(GraftError) -> String {
    outputs.append("")
    do {
      try body()
    } catch {
      outputs.removeLast()
      throw error
    }
    return outputs.removeLast()
  }

  // MARK: - Statements

  /// How a body was left.
  enum Outcome { case finished, brokeLoop, continuedLoop }

  func execute(_ body: [Statement], _ scope: Scope) throws(GraftError) -> Outcome {
    for statement in body {
      do {
        let outcome = try execute(statement, scope)
        if outcome != .finished { return outcome }
      } catch {
        var located = error
        located.file = located.file ?? file
        located.line = located.line ?? statement.line
        throw located
      }
    }
    return .finished
  }

  private func execute(_ statement: Statement, _ scope: Scope) throws(GraftError) -> Outcome {
    try step()
    switch statement.kind {
    case .text(let text): try write(text)
    case .output(let expression):
      currentOutput = expression
      defer { currentOutput = nil }
      try write(evaluate(expression, scope).text)
    case .conditional(let branches, let otherwise):
      for branch in branches where try evaluate(branch.condition, scope).isTrue {
        return try execute(branch.body, scope)
      }
      return try execute(otherwise, scope)
    case .loop(let loop):
      guard let items = try evaluate(loop.iterable, scope).elements else {
        throw .wrongArgument("for", "the value is no sequence")
      }
      try run(loop, over: items, scope, level: 0)
    case .set(let target, let expression):
      try assign(evaluate(expression, scope), to: target, scope)
    case .setBlock(let target, let filters, let body):
      var value = Value.string(try captured(body, Scope(parent: scope)))
      if let filters { value = try evaluate(filters, Scope(parent: scope), filtered: value) }
      try assign(value, to: target, scope)
    case .with(let values, let body):
      let inner = Scope(parent: scope)
      for (target, expression) in values {
        try assign(evaluate(expression, scope), to: target, inner)
      }
      return try execute(body, inner)
    case .macro(let definition):
      scope.set(definition.name, .macro(Macro(definition, scope: scope)))
      scopesOfMacros.append(scope)
    case .call(let call, let definition):
      let caller = Value.macro(Macro(definition, scope: scope))
      try write(evaluateCall(call, scope, caller: caller).text)
    case .filter(let filters, let body):
      let text = Value.string(try captured(body, Scope(parent: scope)))
      let result = try evaluate(filters, scope, filtered: text)
      guard case .string(let filtered) = result.plain else {
        throw .templateFailure("a filter block must make text, not a \(result.typeName)")
      }
      try write(filtered)
    case .generation(let body):
      let start = outputs[0].utf8.count
      let text = try captured(body, Scope(parent: scope))
      assistantRanges.append(start..<(start + text.utf8.count))
      try write(text)
    case .breakLoop: return .brokeLoop
    case .continueLoop: return .continuedLoop
    }
    return .finished
  }

  /// Runs a loop; `level` counts how deep a recursive loop has called itself.
  func run(
    _ loop: Loop, over candidates: [Value], _ scope: Scope, level: Int
  ) throws(GraftError) {
    var items = candidates
    if let condition = loop.condition {
      items = []
      for item in candidates {
        let inner = Scope(parent: scope)
        try assign(item, to: loop.target, inner)
        try step()
        if try evaluate(condition, inner).isTrue { items.append(item) }
      }
    }
    if items.isEmpty {
      _ = try execute(loop.otherwise, scope)
      return
    }
    let state = LoopState(
      items, depth: level + 1, recursion: loop.isRecursive ? (loop, scope) : nil)
    for (i, item) in items.enumerated() {
      try step()
      state.index = i
      let inner = Scope(parent: scope)
      inner.set("loop", .loop(state))
      try assign(item, to: loop.target, inner)
      if try execute(loop.body, inner) == .brokeLoop { break }
    }
  }

  func assign(_ value: Value, to target: AssignmentTarget, _ scope: Scope) throws(GraftError) {
    switch target {
    case .name(let name): scope.set(name, value)
    case .attribute(let name, let attribute):
      guard case .namespace(let namespace) = scope.find(name) else {
        throw .templateFailure("'\(name)' is no namespace; only those can be assigned to")
      }
      try checkNamespaceName(attribute)
      namespace.values.set(attribute, value)
    case .tuple(let targets):
      guard let items = value.elements, items.count == targets.count else {
        throw .templateFailure(
          "a value of type \(value.typeName) does not have \(targets.count) parts")
      }
      for (target, item) in zip(targets, items) { try assign(item, to: target, scope) }
    }
  }
}
