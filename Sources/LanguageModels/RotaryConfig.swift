/// How rotary position embeddings are computed.
public struct RotaryConfig: Sendable, Equatable {
  /// A change of the frequencies that stretches the context.
  public enum Scaling: Sendable, Equatable {
    case none
    /// All frequencies divided by `factor`.
    case linear(factor: Double)
    /// A larger base for sequences longer than `length` (`max_position_embeddings`).
    case dynamic(factor: Double, length: Int)
    /// Llama 3: low frequencies divided, high ones kept, a ramp between.
    case llama3(factor: Double, lowFactor: Double, highFactor: Double, length: Int)
    /// YaRN (arXiv 2309.00071).
    case yarn(Yarn)
  }

  /// The numbers of YaRN, by transformers' names.
  public struct Yarn: Sendable, Equatable {
    /// How much longer the context becomes.
    public var factor: Double
    /// `original_max_position_embeddings`.
    public var length: Int
    /// `beta_fast`.
    public var fast: Double = 32
    /// `beta_slow`.
    public var slow: Double = 1
    /// Whether the ramp's ends are rounded outwards.
    public var truncates: Bool = true
    /// Multiplies cosine and sine.
    public var attentionFactor: Double

    /// Creates the numbers; without `attentionFactor`, 0.1 · log(factor) + 1.
    public init(
      factor: Double, length: Int, fast: Double = 32, slow: Double = 1, truncates: Bool = true,
      attentionFactor: Double? = nil
    ) {
      self.factor = factor
      self.length = length
      self.fast = fast
      self.slow = slow
      self.truncates = truncates
      self.attentionFactor = attentionFactor ?? Self.magnitude(factor)
    }

    /// YaRN's growth of the attention's magnitude with the context.
    static func magnitude(_ factor: Double, _ scale: Double = 1) -> Double {
      factor <= 1 ? 1 : 0.1 * scale * logarithm(factor) + 1
    }
  }

  /// The base of the wavelengths.
  public var theta: Double
  /// The change of the frequencies.
  public var scaling: Scaling

  /// Creates settings.
  public init(theta: Double = 10_000, scaling: Scaling = .none) {
    self.theta = theta
    self.scaling = scaling
  }
}
