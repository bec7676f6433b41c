/// One thing that an inspection or a verification found.
public struct Finding: Sendable, Equatable {
  /// How much a finding matters.
  public enum Severity: String, Sendable, Comparable {
    /// Worth knowing; changes no exit code.
    case note
    /// Likely not what was wanted; changes no exit code.
    case warning
    /// A promise does not hold; the command exits with 1.
    case problem

    /// Orders by weight: note, warning, problem.
    public static func < (a: Self, b: Self) -> Bool { a.weight < b.weight }

    private var weight: Int {
      switch self {
      case .note: 0
      case .warning: 1
      case .problem: 2
      }
    }
  }

  /// How much it matters.
  public var severity: Severity
  /// What was found, where, and what to do; its ``GraftError/code`` is the stable name.
  public var detail: GraftError

  /// Creates a finding.
  public init(_ severity: Severity, _ detail: GraftError) {
    self.severity = severity
    self.detail = detail
  }
}
