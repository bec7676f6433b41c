import Checkpoint
public import Diagnostics
import Glibc
import TensorCore

/// What can be measured about a head's values, and whether they can be told from a fresh draw.
///
/// A trained head is near the draw that it started from, so the question has no sure answer; what
/// is measured is the largest distance between the values' distribution and that of each way in
/// which trainers draw a head (Kolmogorov and Smirnov's test, at one in a hundred).
public struct HeadStatistics: Sendable, Hashable {
  /// A way to draw a head.
  public struct Draw: Sendable, Hashable {
    /// In words, as in "normal with deviation 0.02 (transformers)".
    public var name: String
    /// The standard deviation, or the bound where it is uniform.
    var size: Double
    var isUniform = false
  }

  /// What the values look like.
  public enum Verdict: Sendable, Hashable {
    /// Not one value differs from zero.
    case allZero
    /// NaN or infinity is among them.
    case notFinite
    /// They cannot be told from this draw.
    case fresh(Draw)
    /// They are of no known draw.
    case trained
  }

  /// The number of values, of all layers' matrices.
  public private(set) var count = 0
  /// Their mean.
  public private(set) var mean = 0.0
  /// Their standard deviation.
  public private(set) var deviation = 0.0
  /// The largest magnitude.
  public private(set) var largest = 0.0
  /// The judgement.
  public private(set) var verdict = Verdict.trained

  /// Values of one head that are looked at, at most.
  private static let sampleLimit = 1 << 18

  /// Measures a head.
  ///
  /// - Parameter initializerRange: config.json's `initializer_range`; transformers draws with it.
  /// - Throws: ``GraftError`` if the values cannot be read.
  public init(_ head: Head, initializerRange: Double = 0.02) throws(GraftError) {
    let rows = max(1, Self.sampleLimit / max(1, head.weight.spec.rowElementCount))
    var values = try head.weight.floats(rows: 0..<min(head.weight.spec.rowCount, rows))
    guard values.allSatisfy(\.isFinite) else {
      verdict = .notFinite
      count = values.count
      return
    }
    count = values.count
    guard count > 0 else { return }
    mean = values.reduce(0.0) { $0 + Double($1) } / Double(count)
    let average = mean
    let squares = values.reduce(0.0) { sum, value in
      sum + (Double(value) - average) * (Double(value) - average)
    }
    deviation = (squares / Double(count)).squareRoot()
    largest = values.reduce(0.0) { max($0, Double($1.magnitude)) }
    guard largest > 0 else {
      verdict = .allZero
      return
    }
    values.sort()
    let width = Double(head.weight.spec.shape.last ?? 1)
    let match = Self.draws(width: width, initializerRange: initializerRange).map { draw in
      (draw: draw, distance: Self.distance(values, draw))
    }.min { $0.distance < $1.distance }
    if let match, match.distance * Double(count).squareRoot() < 1.63, count >= 16 {
      verdict = .fresh(match.draw)
    }
  }

  /// How transformers, OpenRLHF, TRL and PyTorch draw a head of this width.
  private static func draws(width: Double, initializerRange: Double) -> [Draw] {
    [
      Draw(
        name: "normal with deviation \(initializerRange) (transformers)", size: initializerRange),
      Draw(
        name: "normal with deviation 1/√(hidden + 1) (OpenRLHF)",
        size: 1 / (width + 1).squareRoot()),
      Draw(name: "normal with deviation 0.2 (TRL)", size: 0.2),
      Draw(
        name: "uniform within ±1/√hidden (PyTorch's linear layer)", size: 1 / width.squareRoot(),
        isUniform: true),
    ]
  }

  private static func distance(_ sorted: [Float], _ draw: Draw) -> Double {
    let step = 1 / Double(sorted.count)
    var largest = 0.0
    for (i, value) in sorted.enumerated() {
      let x = Double(value) / draw.size
      let expected =
        draw.isUniform ? min(max((x + 1) / 2, 0), 1) : 0.5 * erfc(-x / 2.0.squareRoot())
      largest = max(largest, expected - Double(i) * step, Double(i + 1) * step - expected)
    }
    return largest
  }
}
