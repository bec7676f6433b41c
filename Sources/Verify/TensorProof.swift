public import TensorCore

/// What was found about one tensor of a merged model.
public struct TensorProof: Sendable, Equatable {
  /// What a merge does to a tensor.
  public enum Role: String, Sendable {
    /// base + scale · B · A
    case updated
    /// As in the base.
    case kept
    /// Taken from the adapter whole, such as a head.
    case replaced
  }

  /// The name in the merged model.
  public var name: String
  /// What the merge had to do.
  public var role: Role
  /// The type it is stored in.
  public var dtype: DType
  /// The number of elements.
  public var elementCount: Int
  /// Elements whose stored number is the reference, rounded once.
  public var equalCount = 0
  /// Elements that are one unit in the last place away.
  public var neighbourCount = 0
  /// Elements further away, but within what float32 arithmetic loses where base and update
  /// nearly cancel.
  public var cancelledCount = 0
  /// Elements that are wrong.
  public var wrongCount = 0
  /// NaN or infinite elements.
  public var nonFiniteCount = 0
  /// Elements that differ from the base.
  public var changedCount = 0
  /// The largest distance from the reference, in units in the last place, cancelled ones aside.
  public var worstDistance = 0
  /// The first wrong element, as row and column, with what is stored and what should be.
  public var firstWrong: Wrong?

  /// A wrong element.
  public struct Wrong: Sendable, Equatable {
    /// The row.
    public var row: Int
    /// The position in the row.
    public var column: Int
    /// The stored value.
    public var found: Double
    /// The reference in float64.
    public var expected: Double
  }

  /// Whether every element is as it must be.
  public var holds: Bool { wrongCount == 0 && nonFiniteCount == 0 }

  init(_ spec: TensorSpec, role: Role) {
    name = spec.name
    dtype = spec.dtype
    self.role = role
    elementCount = spec.elementCount
  }

  /// The last component of the module's name, as in "q_proj".
  public var moduleKind: String {
    let parts = name.split(separator: ".").dropLast()
    return parts.last.map(String.init) ?? name
  }
}
