/// What is done to a head's value before it is called a reward: an offset is added, and the result
/// is normalised as (r - mean) / deviation.
public struct RewardAdjustment: Sendable, Hashable {
  /// Added to the head's value; a bias that the head's form has no place for.
  public var offset = 0.0
  /// Taken away after that.
  public var mean = 0.0
  /// Divided by at last.
  public var deviation = 1.0

  /// Leaves rewards as they are.
  public init() {}

  /// The reward of a head's value.
  public func callAsFunction(_ value: Float) -> Float {
    self == RewardAdjustment() ? value : Float((Double(value) + offset - mean) / deviation)
  }
}
