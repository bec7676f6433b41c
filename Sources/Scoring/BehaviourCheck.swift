public import Diagnostics
import Checkpoint
import LanguageModels
public import StrictJSON
import TensorCore
import Torch

/// Whether a merged model rewards as its base with the adapter on it does.
///
/// All three are run in float32, so what is left is the one rounding of the merged weights.
public struct BehaviourCheck: Sendable {
  /// The rewards of the base with the head, but without the adapter.
  public var base: [Float]
  /// The rewards of the base with adapter and head.
  public var adapted: [Float]
  /// The rewards of the merged model.
  public var merged: [Float]
  /// How far merged rewards may be from ``adapted``.
  public var tolerance: Float

  /// Runs the three models, one after the other.
  ///
  /// - Parameter sequences: token ids, none empty.
  public init(
    base: String, adapter: String, merged: String, sequences: [[Int32]]
  ) throws(GraftError) {
    (adapted, self.base) = try Self.adaptedAndBare(base, adapter, sequences)
    let loaded = try loadRewardModel(merged, dtype: .f32)
    self.merged = try loaded.model.scores(of: sequences)
    // Half a unit in the last place of the stored type, relative; errors of layers add up.
    let rounding: Float =
      switch loaded.directory.config.dtype {
      case .bf16?: 0x1p-9
      case .f16?: 0x1p-12
      default: 0x1p-24
      }
    let size = adapted.map(\.magnitude).max() ?? 0
    // In 16 bits a fifth to a quarter of the changed weights round their whole change away, which
    // moves rewards by a few percent of what the adapter does; losing the adapter moves them by all.
    let lost = rounding > 0x1p-20 ? 0.1 * Self.largest(adapted, self.base) : 0
    tolerance = max(1e-4, 16 * rounding * (1 + size), lost)
  }

  private static func adaptedAndBare(
    _ base: String, _ adapter: String, _ sequences: [[Int32]]
  ) throws(GraftError) -> ([Float], [Float]) {
    let model = try loadRewardModel(base, adapter: adapter, dtype: .f32).model
    let adapted = try model.scores(of: sequences)
    try withoutGradients { () throws(GraftError) in
      for parameter in model.decoder.adapterParameters where parameter.name.contains(".lora_B.") {
        try parameter.tensor.fill(0)
      }
    }
    return (adapted, try model.scores(of: sequences))
  }

  /// The largest distance between merged and adapted.
  public var largestDifference: Float { Self.largest(merged, adapted) }

  /// The largest distance between adapted and base: what the adapter does at all.
  public var adapterEffect: Float { Self.largest(adapted, base) }

  /// Whether the merged model is the adapted one and, where that can be told, not the base.
  public var passed: Bool {
    guard largestDifference <= tolerance else { return false }
    return adapterEffect <= 2 * tolerance || Self.mean(merged, adapted) < Self.mean(merged, base)
  }

  /// `{passed, sequences, largest_difference, tolerance, adapter_effect, rewards}`
  public var json: JSONObject {
    var object = JSONObject()
    object["passed"] = .bool(passed)
    object["sequences"] = JSONValue(adapted.count)
    object["largest_difference"] = Self.number(largestDifference)
    object["tolerance"] = Self.number(tolerance)
    object["adapter_effect"] = Self.number(adapterEffect)
    object["rewards"] = .array(
      adapted.indices.map { i in
        [
          "base": Self.number(base[i]), "adapted": Self.number(adapted[i]),
          "merged": Self.number(merged[i]),
        ]
      })
    return object
  }

  /// A verdict for a person.
  public var sentence: String {
    "\(adapted.count) sequences: merged and base+adapter differ by at most \(largestDifference) "
      + "(allowed: \(tolerance)); the adapter moves rewards by up to \(adapterEffect)"
  }

  private static func largest(_ a: [Float], _ b: [Float]) -> Float {
    zip(a, b).reduce(0) { largest, pair in
      let distance = (pair.0 - pair.1).magnitude
      return distance.isNaN ? .infinity : max(largest, distance)
    }
  }

  private static func mean(_ a: [Float], _ b: [Float]) -> Float {
    zip(a, b).reduce(0) { $0 + ($1.0 - $1.1).magnitude } / Float(max(1, a.count))
  }

  private static func number(_ value: Float) -> JSONValue {
    value.isFinite ? .number(JSONNumber(Double("\(value)") ?? 0)) : .null
  }

  /// Sequences for a model whose text is not known: ids spread over the vocabulary, 4 to 60 long.
  public static func builtInSequences(vocabularySize: Int) -> [[Int32]] {
    (0..<8).map { row in
      (0..<4 + 8 * row).map { column in
        // A multiplicative hash (Knuth): far apart, and the same on every machine.
        let hash = UInt32(truncatingIfNeeded: (row * 131 + column + 1) &* 2_654_435_761)
        return Int32(Int(hash) % max(1, vocabularySize))
      }
    }
  }
}
