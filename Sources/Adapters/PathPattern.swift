/// A regular expression in Python's notation that must match a whole module path.
///
/// It comes from files of strangers, so matching takes time linear in the path for each part of
/// the expression (look-ahead: quadratic), whatever the expression is; a backtracking matcher could
/// be kept busy for years. Read are characters, `.`, classes, `\d \w \s \b`, `^ $`, groups, `|`, all
/// quantifiers, and look-ahead; not back-references and look-behind.
package struct PathPattern: Sendable {
  /// One step of the compiled expression.
  enum Step: Sendable {
    case scalar(ScalarSet)
    /// Goes on at both places.
    case split(Int, Int)
    case jump(Int)
    case start
    case end
    case wordBoundary(Bool)
    /// Goes on if the expression at `body` matches from here, or does not.
    case look(body: Int, negative: Bool, next: Int)
    case accept
  }

  /// A set of characters.
  struct ScalarSet: Sendable {
    var ranges: [ClosedRange<UInt32>] = []
    var isNegated = false

    func contains(_ scalar: UInt32) -> Bool {
      ranges.contains { $0.contains(scalar) } != isNegated
    }

    static let digits = ScalarSet(ranges: [48...57])
    static let word = ScalarSet(ranges: [48...57, 65...90, 95...95, 97...122])
    static let space = ScalarSet(ranges: [9...13, 32...32])
    static let notNewline = ScalarSet(ranges: [10...10], isNegated: true)
  }

  let steps: [Step]

  /// - Returns: nil if the expression cannot be read, or grows beyond what a module name needs.
  package init?(_ text: String) {
    guard text.utf8.count <= 4096 else { return nil }
    var parser = PatternParser(text)
    guard let node = parser.parse() else { return nil }
    var compiler = PatternCompiler()
    guard compiler.add(node), compiler.append(.accept) else { return nil }
    steps = compiler.steps
  }

  /// Whether the whole path matches.
  package func matches(_ path: String) -> Bool {
    run(from: 0, at: 0, in: path.unicodeScalars.map(\.value), toEnd: true)
  }

  /// Follows all ways at once, from one step and one place.
  private func run(from step: Int, at start: Int, in text: [UInt32], toEnd: Bool) -> Bool {
    var current: [Int] = []
    var seen = [Int](repeating: -1, count: steps.count)
    var accepted = follow(step, at: start, in: text, into: &current, &seen)
    var place = start
    while true {
      if accepted, !toEnd || place == text.count { return true }
      guard place < text.count, !current.isEmpty else { return false }
      var next: [Int] = []
      accepted = false
      for index in current {
        guard case .scalar(let set) = steps[index], set.contains(text[place]) else { continue }
        if follow(index + 1, at: place + 1, in: text, into: &next, &seen) { accepted = true }
      }
      current = next
      place += 1
    }
  }

  /// Collects the steps that read a character and can be reached without reading one.
  ///
  /// - Returns: whether the end of the expression can be.
  private func follow(
    _ first: Int, at place: Int, in text: [UInt32], into states: inout [Int], _ seen: inout [Int]
  ) -> Bool {
    var accepted = false
    var pending = [first]
    while let index = pending.popLast() {
      guard seen[index] != place else { continue }
      seen[index] = place
      switch steps[index] {
      case .scalar: states.append(index)
      case .split(let a, let b): pending += [b, a]
      case .jump(let target): pending.append(target)
      case .start: if place == 0 { pending.append(index + 1) }
      case .end: if place == text.count { pending.append(index + 1) }
      case .wordBoundary(let wanted):
        let before = place > 0 && ScalarSet.word.contains(text[place - 1])
        let after = place < text.count && ScalarSet.word.contains(text[place])
        if (before != after) == wanted { pending.append(index + 1) }
      case .look(let body, let negative, let next):
        if run(from: body, at: place, in: text, toEnd: false) != negative { pending.append(next) }
      case .accept: accepted = true
      }
    }
    return accepted
  }
}

/// Turns a parsed expression into steps.
struct PatternCompiler {
  private(set) var steps: [PathPattern.Step] = []
  private static let limit = 20_000

  mutating func append(_ step: PathPattern.Step) -> Bool {
    steps.append(step)
    return steps.count <= Self.limit
  }

  /// - Returns: false if the steps become too many.
  mutating func add(_ node: PatternNode) -> Bool {
    switch node {
    case .step(let step): return append(step)
    case .sequence(let nodes):
      for node in nodes { guard add(node) else { return false } }
      return true
    case .either(let a, let b):
      let split = steps.count
      guard append(.accept), add(a) else { return false }
      let jump = steps.count
      guard append(.accept) else { return false }
      steps[split] = .split(split + 1, steps.count)
      guard add(b) else { return false }
      steps[jump] = .jump(steps.count)
      return true
    case .look(let body, let negative):
      let look = steps.count
      guard append(.accept), add(body), append(.accept) else { return false }
      steps[look] = .look(body: look + 1, negative: negative, next: steps.count)
      return true
    case .repeated(let body, let least, let most):
      for _ in 0..<least { guard add(body) else { return false } }
      guard let most else {
        let split = steps.count
        guard append(.accept), add(body), append(.jump(split)) else { return false }
        steps[split] = .split(split + 1, steps.count)
        return true
      }
      var splits: [Int] = []
      for _ in least..<most {
        splits.append(steps.count)
        guard append(.accept), add(body) else { return false }
      }
      for split in splits { steps[split] = .split(split + 1, steps.count) }
      return true
    }
  }
}
