public import Diagnostics

extension GraftError.Code {
  /// Adapters that cannot be combined in the way that was asked for.
  public static let cannotCombine = Self("cannot-combine", .input)
  /// A setting of a combination that means nothing.
  public static let invalidCombination = Self("invalid-combination", .usage)
}

extension GraftError {
  static func weightCount(_ weights: Int, adapters: Int) -> Self {
    Self(.invalidCombination, "there are \(weights) weights for \(adapters) adapters")
  }

  static func weightNotFinite(_ weight: Double) -> Self {
    Self(.invalidCombination, "a weight is \(weight)")
  }

  static func densityMissing(_ method: AdapterCombination.Method) -> Self {
    Self(
      .invalidCombination, "'\(method.rawValue)' prunes, and no density is given",
      remedy: "Pass --density, as in 0.5: the share of values that stay")
  }

  static func densityInvalid(_ density: Double) -> Self {
    Self(.invalidCombination, "a density of \(density) is not between 0 and 1")
  }

  static func combinationRank(_ rank: Int) -> Self {
    Self(.invalidCombination, "a rank of \(rank) is below 1")
  }

  static func ranksDiffer(
    _ tensor: String, _ ranks: [Int], method: AdapterCombination.Method, file: String
  ) -> Self {
    Self(
      .cannotCombine,
      "has ranks \(ranks.map(String.init).joined(separator: " and ")); '\(method.rawValue)' adds "
        + "A to A and B to B, which needs equal ones",
      file: file, tensor: tensor, remedy: "Combine with 'cat' or 'svd'")
  }

  static func notAPair(
    _ how: String, tensor: String, method: AdapterCombination.Method, file: String
  ) -> Self {
    Self(
      .cannotCombine,
      "is changed by '\(how)'; '\(method.rawValue)' combines plain pairs of A and B", file: file,
      tensor: tensor, remedy: "Merge the adapters one after the other, or with --combine sum")
  }

  static func weightOfChange(_ how: String, tensor: String, file: String) -> Self {
    Self(
      .cannotCombine, "is changed by '\(how)', which no weight but 1 has a meaning for", file: file,
      tensor: tensor)
  }

  static func replacedByTwo(_ tensor: String, first: String, second: String) -> Self {
    Self(
      .cannotCombine, "is replaced by two adapters with different numbers", file: second,
      tensor: tensor, remedy: "The other is \(first); choose one of the two")
  }
}
