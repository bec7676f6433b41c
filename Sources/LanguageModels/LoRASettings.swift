import Diagnostics

/// How a model is adapted by low-rank updates (LoRA, arXiv 2106.09685).
public struct LoRASettings: Sendable, Equatable {
  /// The rank of the updates.
  public var rank: Int
  /// The numerator of the scale.
  public var alpha: Double
  /// The probability that an element of an update's input is dropped in training.
  public var dropout: Double
  /// Whether the scale is alpha / √rank (rsLoRA, arXiv 2312.03732) and not alpha / rank.
  public var usesRSLoRA: Bool
  /// The linear layers to adapt: last parts of their names (`q_proj`), or `all`.
  public var targetModules: [String]

  /// Creates settings.
  public init(
    rank: Int, alpha: Double, dropout: Double = 0, usesRSLoRA: Bool = false,
    targetModules: [String] = ["all"]
  ) {
    self.rank = rank
    self.alpha = alpha
    self.dropout = dropout
    self.usesRSLoRA = usesRSLoRA
    self.targetModules = targetModules
  }

  /// What multiplies B·A.
  public var scale: Double {
    alpha / (usesRSLoRA ? Double(rank).squareRoot() : Double(rank))
  }

  /// Throws where no adapter can be made.
  func check() throws(GraftError) {
    guard rank >= 1 else { throw .loraRank(rank) }
    guard dropout >= 0, dropout < 1 else { throw .loraDropout(dropout) }
  }
}
