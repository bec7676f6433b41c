import Diagnostics
import Glibc
import Torch

func logarithm(_ x: Double) -> Double { log(x) }

/// Turns pairs of elements of queries and keys by angles that grow with the position.
///
/// The frequencies follow transformers' `modeling_rope_utils`, in float32 as there, since an angle
/// at position 10,000 shows the last bits of its frequency.
struct RotaryEmbedding {
  /// Cosine and sine of each token's angles, `[tokens, size / 2]`, float32.
  struct Tables {
    let cosine: Tensor
    let sine: Tensor
  }

  let config: RotaryConfig
  let size: Int

  /// The tables of a batch.
  ///
  /// Where the frequencies depend on the length of the sequence, it is the longest of the group,
  /// so that a sequence's result does not depend on the other groups.
  func tables(_ batch: PackedBatch) throws(GraftError) -> Tables {
    let half = size / 2
    var cosine: [Float] = []
    var sine: [Float] = []
    cosine.reserveCapacity(batch.tokens.count * half)
    sine.reserveCapacity(batch.tokens.count * half)
    let scale = attentionFactor
    for span in batch.spans {
      let frequencies = frequencies(length: span.longest)
      for token in span.tokens {
        let position = Float(batch.positions[token])
        for frequency in frequencies {
          let angle = position * frequency
          cosine.append(cosf(angle) * scale)
          sine.append(sinf(angle) * scale)
        }
      }
    }
    let shape = [batch.tokens.count, half]
    return Tables(
      cosine: try Tensor(cosine, shape: shape), sine: try Tensor(sine, shape: shape))
  }

  /// Turns each head of `x` `[tokens, heads · size]`; element i is paired with i + size / 2.
  func apply(_ x: Tensor, _ tables: Tables) throws(GraftError) -> Tensor {
    try x.rotated(cosine: tables.cosine, sine: tables.sine)
  }

  private var attentionFactor: Float {
    if case .yarn(let yarn) = config.scaling { Float(yarn.attentionFactor) } else { 1 }
  }

  /// The angle per position of each pair.
  func frequencies(length: Int) -> [Float] {
    switch config.scaling {
    case .none: return plain(base: config.theta)
    case .linear(let factor): return plain(base: config.theta).map { $0 / Float(factor) }
    case .dynamic(let factor, let limit):
      let stretch = factor * Double(max(length, limit)) / Double(limit) - (factor - 1)
      return plain(base: config.theta * pow(stretch, Double(size) / Double(size - 2)))
    case .llama3(let factor, let low, let high, let limit):
      return plain(base: config.theta).map {
        llama3($0, Float(factor), Float(low), Float(high), Float(limit))
      }
    case .yarn(let yarn): return ramped(yarn)
    }
  }

  private func plain(base: Double) -> [Float] {
    (0..<size / 2).map { 1 / powf(Float(base), Float(2 * $0) / Float(size)) }
  }

  private func llama3(
    _ frequency: Float, _ factor: Float, _ low: Float, _ high: Float, _ length: Float
  ) -> Float {
    let wavelength = 2 * Float.pi / frequency
    if wavelength < length / high { return frequency }
    if wavelength > length / low { return frequency / factor }
    let smooth = (length / wavelength - low) / (high - low)
    return (1 - smooth) * frequency / factor + smooth * frequency
  }

  private func ramped(_ yarn: RotaryConfig.Yarn) -> [Float] {
    func dimension(_ rotations: Double) -> Double {
      Double(size) * log(Double(yarn.length) / (rotations * 2 * .pi)) / (2 * log(config.theta))
    }
    var (low, high) = (dimension(yarn.fast), dimension(yarn.slow))
    if yarn.truncates { (low, high) = (low.rounded(.down), high.rounded(.up)) }
    (low, high) = (max(low, 0), min(high, Double(size - 1)))
    if low == high { high += 0.001 }
    return plain(base: config.theta).enumerated().map { i, frequency in
      let ramp = min(max((Float(i) - Float(low)) / Float(high - low), 0), 1)
      return frequency / Float(yarn.factor) * ramp + frequency * (1 - ramp)
    }
  }
}
