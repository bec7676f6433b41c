import Adapters
import ArgumentParser
import Diagnostics

/// The options that say how several adapters become one change.
struct CombinationOptions: ParsableArguments {
  @Option(
    help: """
      How adapters are combined: \(AdapterCombination.Method.allCases.map(\.rawValue)
        .joined(separator: ", ")).
      """)
  var combine: String?

  @Option(help: "A factor for each adapter, as in 0.7,0.3 (default: 1 each).")
  var weights: String?

  @Option(help: "The share of values that stay, for ties, dare and magnitude_prune.")
  var density: Double?

  @Option(help: "How ties elects a sign: total or frequency.")
  var majoritySign = "total"

  @Option(help: "The rank that the methods ending in svd cut to (default: the largest).")
  var svdRank: Int?

  @Option(help: "Where the random numbers of dare begin.")
  var seed: UInt64 = 0

  /// Whether anything was asked for.
  var isGiven: Bool { combine != nil || weights != nil }

  /// The combination, by default `fallback`.
  func combination(
    default fallback: AdapterCombination.Method
  ) throws(GraftError) -> AdapterCombination {
    let names = AdapterCombination.Method.allCases.map(\.rawValue).joined(separator: ", ")
    guard let method = combine.map(AdapterCombination.Method.init(rawValue:)) ?? fallback else {
      throw .invalidOption("--combine", combine ?? "", expected: names)
    }
    var out = AdapterCombination(method: method)
    if let weights {
      let parts = weights.split(separator: ",", omittingEmptySubsequences: false)
      let numbers = parts.compactMap { Double($0.filter { $0 != " " }) }
      guard numbers.count == parts.count else {
        throw .invalidOption("--weights", weights, expected: "numbers such as 0.7,0.3")
      }
      out.weights = numbers
    }
    guard let sign = AdapterCombination.MajoritySign(rawValue: majoritySign) else {
      throw .invalidOption("--majority-sign", majoritySign, expected: "total or frequency")
    }
    out.majoritySign = sign
    out.density = density
    out.rank = svdRank
    out.seed = seed
    return out
  }
}
