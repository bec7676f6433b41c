import StrictJSON

/// How well a reward model tells preferred answers from others.
package struct Evaluation: Sendable, Equatable {
  /// The mean of −log σ(chosen − rejected − margin).
  package var loss: Double
  /// The share of pairs whose preferred answer has the higher reward; a tie counts half.
  package var accuracy: Double
  /// The mean of chosen − rejected.
  package var rewardDifference: Double
  /// The number of pairs.
  package var pairs: Int
}

extension Evaluation {
  /// As it stands in logs and checkpoints.
  var json: JSONValue {
    [
      "loss": JSONValue(loss), "accuracy": JSONValue(accuracy),
      "reward_difference": JSONValue(rewardDifference), "pairs": JSONValue(pairs),
    ]
  }

  init?(_ json: JSONValue) {
    guard let loss = json["loss"]?.double, let accuracy = json["accuracy"]?.double,
      let difference = json["reward_difference"]?.double, let pairs = json["pairs"]?.int
    else { return nil }
    self.init(loss: loss, accuracy: accuracy, rewardDifference: difference, pairs: pairs)
  }
}
