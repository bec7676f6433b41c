/// A regular expression, taken apart.
indirect enum PatternNode {
  case step(PathPattern.Step)
  case sequence([PatternNode])
  case either(PatternNode, PatternNode)
  case repeated(PatternNode, least: Int, most: Int?)
  case look(PatternNode, negative: Bool)
}

/// Reads Python's notation of regular expressions.
struct PatternParser {
  private let text: [Unicode.Scalar]
  private var place = 0
  private var depth = 0

  init(_ text: String) { self.text = Array(text.unicodeScalars) }

  /// - Returns: nil where the text is no expression, or uses what is not read.
  mutating func parse() -> PatternNode? {
    guard let node = alternatives(), place == text.count else { return nil }
    return node
  }

  private var next: Unicode.Scalar? { place < text.count ? text[place] : nil }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard next == scalar else { return false }
    place += 1
    return true
  }

  private mutating func alternatives() -> PatternNode? {
    depth += 1
    defer { depth -= 1 }
    guard depth <= 100, var node = sequence() else { return nil }
    while take("|") {
      guard let other = sequence() else { return nil }
      node = .either(node, other)
    }
    return node
  }

  private mutating func sequence() -> PatternNode? {
    var nodes: [PatternNode] = []
    while let scalar = next, scalar != "|", scalar != ")" {
      guard let atom = atom(), let node = quantified(atom) else { return nil }
      nodes.append(node)
    }
    return .sequence(nodes)
  }

  private mutating func atom() -> PatternNode? {
    guard let scalar = next else { return nil }
    place += 1
    switch scalar {
    case "(": return group()
    case "[": return set().map { .step(.scalar($0)) }
    case ".": return .step(.scalar(.notNewline))
    case "^": return .step(.start)
    case "$": return .step(.end)
    case "*", "+", "?": return nil
    case "\\":
      switch next {
      case "b", "B":
        place += 1
        return .step(.wordBoundary(text[place - 1] == "b"))
      case "A", "Z":
        place += 1
        return .step(text[place - 1] == "A" ? .start : .end)
      default: return escape().map { .step(.scalar($0)) }
      }
    default: return .step(.scalar(Self.only(scalar)))
    }
  }

  private mutating func group() -> PatternNode? {
    var look: Bool?
    if take("?") {
      if take("P") {
        guard take("<") else { return nil }
        while let scalar = next, scalar != ">" {
          guard scalar.properties.isAlphabetic || scalar == "_" || ("0"..."9").contains(scalar)
          else { return nil }
          place += 1
        }
        guard take(">") else { return nil }
      } else if take("=") {
        look = false
      } else if take("!") {
        look = true
      } else if !take(":") {
        return nil
      }
    }
    guard let node = alternatives(), take(")") else { return nil }
    return look.map { .look(node, negative: $0) } ?? node
  }

  private mutating func quantified(_ atom: PatternNode) -> PatternNode? {
    var least = 0
    var most: Int?
    switch next {
    case "*": place += 1
    case "+":
      place += 1
      least = 1
    case "?":
      place += 1
      most = 1
    case "{":
      guard let bounds = bounds() else { return atom }
      (least, most) = bounds
      if let most, most < least { return nil }
    default: return atom
    }
    // Lazy or greedy makes no difference to whether the whole matches.
    _ = take("?")
    if next == "*" || next == "+" || next == "?" { return nil }
    if case .step(let step) = atom {
      switch step {
      case .start, .end, .wordBoundary: return nil
      default: break
      }
    }
    return .repeated(atom, least: least, most: most)
  }

  /// `{m}`, `{m,}`, `{,n}` or `{m,n}`; anything else is a brace that stands for itself.
  private mutating func bounds() -> (Int, Int?)? {
    let start = place
    place += 1
    let least = number()
    let hasComma = take(",")
    let most = hasComma ? number() : least
    guard take("}"), least != nil || (hasComma && most != nil) else {
      place = start
      return nil
    }
    return (least ?? 0, most)
  }

  private mutating func number() -> Int? {
    var value: Int?
    while let scalar = next, ("0"..."9").contains(scalar) {
      value = min((value ?? 0) * 10 + Int(scalar.value - 48), 100_000)
      place += 1
    }
    return value
  }

  private mutating func set() -> PathPattern.ScalarSet? {
    var out = PathPattern.ScalarSet()
    out.isNegated = take("^")
    var isFirst = true
    while let scalar = next {
      place += 1
      if scalar == "]", !isFirst { return out }
      isFirst = false
      guard let low = member(scalar) else { return nil }
      if next == "-", place + 1 < text.count, text[place + 1] != "]" {
        place += 2
        guard let high = member(text[place - 1]), let first = Self.single(low),
          let last = Self.single(high), first <= last
        else { return nil }
        out.ranges.append(first...last)
      } else if low.isNegated {
        guard let ranges = Self.complement(low) else { return nil }
        out.ranges += ranges
      } else {
        out.ranges += low.ranges
      }
    }
    return nil
  }

  private mutating func member(_ scalar: Unicode.Scalar) -> PathPattern.ScalarSet? {
    scalar == "\\" ? escape() : Self.only(scalar)
  }

  /// What stands after a backslash.
  private mutating func escape() -> PathPattern.ScalarSet? {
    guard let scalar = next else { return nil }
    place += 1
    switch scalar {
    case "d": return .digits
    case "w": return .word
    case "s": return .space
    case "D": return Self.negated(.digits)
    case "W": return Self.negated(.word)
    case "S": return Self.negated(.space)
    case "n": return Self.only("\n")
    case "t": return Self.only("\t")
    case "0"..."9", "a"..."z", "A"..."Z": return nil
    default: return Self.only(scalar)
    }
  }

  private static func only(_ scalar: Unicode.Scalar) -> PathPattern.ScalarSet {
    PathPattern.ScalarSet(ranges: [scalar.value...scalar.value])
  }

  private static func negated(_ set: PathPattern.ScalarSet) -> PathPattern.ScalarSet {
    PathPattern.ScalarSet(ranges: set.ranges, isNegated: true)
  }

  private static func single(_ set: PathPattern.ScalarSet) -> UInt32? {
    guard !set.isNegated, set.ranges.count == 1, let range = set.ranges.first, range.count == 1
    else { return nil }
    return range.lowerBound
  }

  /// The ranges between those of a set, which are in order.
  private static func complement(_ set: PathPattern.ScalarSet) -> [ClosedRange<UInt32>]? {
    var out: [ClosedRange<UInt32>] = []
    var low: UInt32 = 0
    for range in set.ranges {
      if range.lowerBound > low { out.append(low...range.lowerBound - 1) }
      low = range.upperBound + 1
    }
    out.append(low...0x10FFFF)
    return out
  }
}
