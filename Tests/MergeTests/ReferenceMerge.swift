import Adapters
import Checkpoint
import TensorCore
import Testing

/// base + s · B · A in float64, rounded once: what a merge must write.
enum ReferenceMerge {
  static func values(_ base: [Float], _ delta: LowRankDelta) throws -> [Double] {
    let a = try delta.a.floats()
    let b = try delta.b.floats()
    let columns = delta.a.spec.shape[1]
    return base.enumerated().map { i, w in
      let (row, column) = (i / columns, i % columns)
      var sum = 0.0
      for k in 0..<delta.rank {
        sum += Double(b[row * delta.rank + k]) * Double(a[k * columns + column])
      }
      return Double(w) + delta.scale * sum
    }
  }

  /// The distance of `found` from `exact` rounded once to `dtype`, in units in the last place.
  static func ulps(_ found: Float, _ exact: Double, _ dtype: DType) -> Int {
    switch dtype {
    case .bf16: distance(order(bfloat16(found)), order(bfloat16(exact)))
    case .f16:
      distance(
        order(Int32(Float16(found).bitPattern), sign: 0x8000),
        order(Int32(Float16(exact).bitPattern), sign: 0x8000))
    default:
      distance(order(Int64(found.bitPattern)), order(Int64(Float(exact).bitPattern)))
    }
  }

  private static func distance(_ a: Int, _ b: Int) -> Int { abs(a - b) }

  private static func order(_ bits: Int64) -> Int {
    bits & 0x8000_0000 == 0 ? Int(bits) : -Int(bits & 0x7FFF_FFFF)
  }

  private static func order(_ bits: Int32, sign: Int32) -> Int {
    bits & sign == 0 ? Int(bits) : -Int(bits & ~sign)
  }

  private static func order(_ bits: UInt16) -> Int { order(Int32(bits), sign: 0x8000) }

  private static func bfloat16(_ value: Float) -> UInt16 { BFloat16(value).bitPattern }

  /// Rounds a double to bfloat16 directly: nearest, ties to even.
  private static func bfloat16(_ value: Double) -> UInt16 {
    let below = BFloat16(bitPattern: UInt16(Float(value).bitPattern >> 16))
    let candidates = [-1, 0, 1].compactMap { step -> BFloat16? in
      let bits = Int(below.bitPattern) + step
      return bits < 0 || bits > 0xFFFF ? nil : BFloat16(bitPattern: UInt16(bits))
    }
    let best = candidates.min { x, y in
      let (dx, dy) = (abs(Double(Float(x)) - value), abs(Double(Float(y)) - value))
      return dx != dy ? dx < dy : x.bitPattern % 2 == 0
    }
    return best?.bitPattern ?? below.bitPattern
  }
}
