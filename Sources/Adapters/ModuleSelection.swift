/// Which modules of a model an adapter's configuration means.
public enum ModuleSelection: Sendable, Hashable {
  /// Names: a module is meant if its path is one of them, or ends in a dot and one of them.
  case names([String])
  /// A regular expression that the whole path must match.
  case pattern(String)
  /// Every linear layer except the output ("all-linear"); PEFT writes the resolved names instead.
  case allLinear

  /// Whether nothing is named.
  public var isEmpty: Bool {
    switch self {
    case .names(let names): names.isEmpty
    case .pattern(let pattern): pattern.isEmpty
    case .allLinear: false
    }
  }
}

/// A ``ModuleSelection`` made ready for many questions.
struct ModuleMatcher {
  private let names: Set<String>
  private let pattern: PathPattern?
  private let isAllLinear: Bool

  /// - Returns: nil if the regular expression cannot be read.
  init?(_ selection: ModuleSelection) {
    switch selection {
    case .names(let list):
      names = Set(list)
      pattern = nil
      isAllLinear = false
    case .pattern(let text):
      guard let compiled = PathPattern(text) else { return nil }
      names = []
      pattern = compiled
      isAllLinear = false
    case .allLinear:
      names = []
      pattern = nil
      isAllLinear = true
    }
  }

  func matches(_ path: String) -> Bool {
    if let pattern { return pattern.matches(path) }
    if isAllLinear { return !outputModules.contains(lastComponent(path)) }
    return suffixes(of: path).contains { names.contains(String($0)) }
  }
}

/// Modules that "all-linear" leaves out.
private let outputModules: Set = [
  "lm_head", "embed_out", "score", "classifier", "embed_tokens",
]

/// `a.b.c`, `b.c`, `c`
func suffixes(of path: String) -> some Sequence<Substring> {
  sequence(first: path[...]) { rest in
    rest.firstIndex(of: ".").map { rest[rest.index(after: $0)...] }
  }
}

func lastComponent(_ path: String) -> String {
  path.lastIndex(of: ".").map { String(path[path.index(after: $0)...]) } ?? path
}
