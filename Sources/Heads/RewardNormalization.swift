public import Checkpoint
public import Diagnostics
import StrictJSON

/// What OpenRLHF does to a head's value before it calls it a reward: (value - mean) / deviation.
///
/// Its trainer measures both on the last evaluation and writes them into config.json as `mean` and
/// `std`; they take effect where `normalize_reward` is true.
public struct RewardNormalization: Sendable, Hashable {
  /// The value that becomes 0.
  public var mean: Double
  /// What is divided by.
  public var deviation: Double
  /// Whether it takes effect.
  public var isActive: Bool

  /// Declares a normalisation.
  public init(mean: Double, deviation: Double, isActive: Bool) {
    self.mean = mean
    self.deviation = deviation
    self.isActive = isActive
  }

  /// Reads the members of a config.json; nil where it has none.
  ///
  /// - Throws: ``GraftError`` if it is asked for and a number is missing, not finite, or a divisor
  ///   of zero.
  public init?(_ config: ModelConfig) throws(GraftError) {
    let isActive = try config.flag("normalize_reward", default: false)
    let (mean, deviation) = (config.json["mean"]?.double, config.json["std"]?.double)
    guard let mean, let deviation else {
      guard isActive else { return nil }
      throw .normalizationIncomplete(config.file)
    }
    guard mean.isFinite, deviation.isFinite, deviation > 0 else {
      guard isActive else { return nil }
      throw .normalizationInvalid(mean: mean, deviation: deviation, file: config.file)
    }
    self.init(mean: mean, deviation: deviation, isActive: isActive)
  }

  /// The members of config.json that hold it.
  static let keys = ["normalize_reward", "mean", "std"]
}
