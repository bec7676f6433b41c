import CKernels
public import TensorCore

/// What was found about one tensor of a merged model.
public struct TensorProof: Sendable, Equatable {
  /// What a merge does to a tensor.
  public enum Role: String, Sendable {
    /// base + scale · B · A, or what else the adapter's kind says
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
  /// The shape.
  public var shape: [Int]
  /// The number of elements.
  public var elementCount: Int
  /// The size in bytes.
  public var byteCount: Int
  /// The size in bytes of what it comes from.
  public var originByteCount: Int
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
  /// The largest magnitude of a change.
  public var largestChange = 0.0
  /// The effective rank of the update: e to the entropy of its singular values, each as a share of
  /// their sum (Roy and Vetterli, 2007); 1 where one direction carries it all. Nil where the update
  /// is no plain B · A.
  public var effectiveRank: Double?
  private var squareBefore = 0.0
  private var squareWanted = 0.0
  private var squareMoved = 0.0
  private var squareLost = 0.0

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

  /// The Frobenius norm of the update in float64.
  public var deltaNorm: Double { squareWanted.squareRoot() }

  /// The Frobenius norm of what is stored minus the base.
  public var movedNorm: Double { squareMoved.squareRoot() }

  /// The norm of what is stored minus the base, as a share of the base's norm.
  public var relativeChange: Double {
    squareBefore > 0 ? (squareMoved / squareBefore).squareRoot() : squareMoved > 0 ? .infinity : 0
  }

  /// The norm of what rounding took from the update, as a share of the update's norm: 0 where it is
  /// all there, 1 where noise of its own size lies on it.
  public var lostShare: Double {
    squareWanted > 0 ? (squareLost / squareWanted).squareRoot() : 0
  }

  init(_ spec: TensorSpec, origin: TensorSpec, role: Role) {
    name = spec.name
    dtype = spec.dtype
    shape = spec.shape
    self.role = role
    elementCount = spec.elementCount
    byteCount = spec.byteCount
    originByteCount = origin.byteCount
  }

  mutating func add(_ counts: graft_comparison) {
    equalCount += Int(counts.equal)
    neighbourCount += Int(counts.neighbours)
    nonFiniteCount += Int(counts.not_finite)
    changedCount += Int(counts.changed)
    worstDistance = max(worstDistance, counts.neighbours > 0 ? 1 : 0)
    squareBefore += counts.before
    squareWanted += counts.wanted
    squareMoved += counts.moved
    squareLost += counts.lost
    largestChange = max(largestChange, counts.largest)
  }

  /// Adds what was found in the rows that follow.
  mutating func add(_ next: TensorProof) {
    equalCount += next.equalCount
    neighbourCount += next.neighbourCount
    cancelledCount += next.cancelledCount
    wrongCount += next.wrongCount
    nonFiniteCount += next.nonFiniteCount
    changedCount += next.changedCount
    worstDistance = max(worstDistance, next.worstDistance)
    firstWrong = firstWrong ?? next.firstWrong
    largestChange = max(largestChange, next.largestChange)
    squareBefore += next.squareBefore
    squareWanted += next.squareWanted
    squareMoved += next.squareMoved
    squareLost += next.squareLost
  }

  /// The last component of the module's name, as in "q_proj".
  public var moduleKind: String {
    let parts = name.split(separator: ".").dropLast()
    return parts.last.map(String.init) ?? name
  }

  /// The number of the layer in the name, as in `model.layers.7.mlp.up_proj.weight`.
  public var layer: Int? {
    name.split(separator: ".").lazy.compactMap { Int($0) }.first
  }
}
