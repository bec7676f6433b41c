import Diagnostics
public import StrictJSON

/// How several adapters of one base become one change.
///
/// The methods and their order of steps are those of PEFT 0.21 `add_weighted_adapter`; ``sum`` is
/// what merging all of them exactly gives. Weights multiply each adapter's own scale.
public struct AdapterCombination: Sendable, Equatable {
  /// A way to combine.
  public enum Method: String, Sendable, CaseIterable {
    /// W + Σ weight · scale · B · A, rounded once. Changes that are no sums (DoRA, IA3, OFT) apply
    /// in the order of the adapters.
    case sum
    /// Weighted sums of A and of B; brings products of one adapter's B with another's A.
    case linear
    /// A and B side by side: the exact sum, at the sum of the ranks.
    case cat
    /// The exact sum, cut to a rank by a singular value decomposition.
    case svd
    /// Yadav et al., "TIES-Merging", 2023: prune, elect signs, average what agrees.
    case ties
    case tiesSVD = "ties_svd"
    /// Yu et al., "Language Models are Super Mario", 2024: drop at random and rescale, then add.
    case dareLinear = "dare_linear"
    case dareLinearSVD = "dare_linear_svd"
    /// Drop at random and rescale, elect signs, average what agrees.
    case dareTies = "dare_ties"
    case dareTiesSVD = "dare_ties_svd"
    /// Prune the smallest, then add.
    case magnitudePrune = "magnitude_prune"
    case magnitudePruneSVD = "magnitude_prune_svd"

    /// Whether whole changes are combined and then cut to a rank, rather than A and B.
    public var cutsRank: Bool { self == .svd || rawValue.hasSuffix("_svd") }

    /// Whether values are left out.
    public var prunes: Bool { ![.sum, .linear, .cat, .svd].contains(self) }
  }

  /// How the sign that counts is elected.
  public enum MajoritySign: String, Sendable, CaseIterable {
    /// By the sum of the values.
    case total
    /// By the number of values.
    case frequency
  }

  /// The way.
  public var method = Method.sum
  /// A factor for each adapter; nil for 1 each.
  public var weights: [Double]?
  /// The share of values that stay, from 0 to 1, for the methods that prune.
  public var density: Double?
  /// How signs are elected, for the methods that do.
  public var majoritySign = MajoritySign.total
  /// The rank that the methods with a decomposition cut to; nil for the largest of the adapters'.
  public var rank: Int?
  /// Where random numbers begin, for the methods that drop at random.
  public var seed: UInt64 = 0

  /// Combines in a way, by default the sum with weights of 1.
  public init(method: Method = .sum, weights: [Double]? = nil) {
    self.method = method
    self.weights = weights
  }

  /// Whether it changes nothing about a single adapter.
  public var isPlain: Bool { method == .sum && (weights ?? []).allSatisfy { $0 == 1 } }

  /// The settings as graft.json keeps them.
  public var json: JSONValue {
    var out = JSONObject()
    out["method"] = .string(method.rawValue)
    if let weights { out["weights"] = .array(weights.map { JSONValue($0) }) }
    if let density { out["density"] = JSONValue(density) }
    if method.prunes { out["majority_sign"] = .string(majoritySign.rawValue) }
    if let rank { out["rank"] = JSONValue(rank) }
    if method.rawValue.hasPrefix("dare") { out["seed"] = .string(String(seed)) }
    return .object(out)
  }

  /// Reads what ``json`` wrote; nil where it is something else.
  public init?(_ json: JSONValue) {
    guard let method = json["method"]?.string.flatMap(Method.init) else { return nil }
    self.method = method
    weights = json["weights"]?.array?.compactMap(\.double)
    density = json["density"]?.double
    majoritySign = json["majority_sign"]?.string.flatMap(MajoritySign.init) ?? .total
    rank = json["rank"]?.int
    seed = json["seed"]?.string.flatMap { UInt64($0) } ?? 0
  }

  /// One weight for each adapter.
  ///
  /// - Throws: ``GraftError`` if a setting means nothing.
  func checkedWeights(for count: Int) throws(GraftError) -> [Double] {
    let weights = weights ?? [Double](repeating: 1, count: count)
    guard weights.count == count else { throw .weightCount(weights.count, adapters: count) }
    if let bad = weights.first(where: { !$0.isFinite }) { throw .weightNotFinite(bad) }
    if method.prunes {
      guard let density else { throw .densityMissing(method) }
      guard density >= 0, density <= 1 else { throw .densityInvalid(density) }
    }
    if let rank, rank < 1 { throw .combinationRank(rank) }
    return weights
  }
}
